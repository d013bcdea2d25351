import { Clock } from './clock.js';
import { Control } from './control.js';
import { Faults } from './faults.js';
import { described, IncompleteError, Journal, line } from './journal.js';
import { eventually } from './waiting.js';
import { camel, id, ids, query, snake, username } from './words.js';

/** @import * as Things from './things.d.ts' */
/** @import { ConnectOptions, Filters, Person, Ref } from './things.d.ts' */
/** @import { Fault } from './faults.js' */
/** @import { components } from './api.d.ts' */

const IDLE_S = 600; // seconds after which the server ends a world that nobody uses
const SHOWN_CALLS = 5; // calls that a failed assertion shows

/** A service app of a company. */
export class ServiceApp {
  #control;

  /**
   * @param {Control} control
   * @param {components['schemas']['MockApp']} made
   */
  constructor(control, made) {
    this.#control = control;
    this.iss = made.iss;
    this.sub = made.sub;
    this.name = made.name;
    this.company = made.company;
    this.scopes = made.scopes;
    /** The content of its downloadable key file: iss, sub, kid and private_key; null without one. */
    this.key = made.key;
  }

  /**
   * Return a JWT as this app would sign it, good, or bad on purpose: `app.jwt({ expiresIn: -1 })`.
   *
   * It is sent as `Authorization: service_app <JWT>`.
   * @param {Things.JwtOptions} [options] `expiresIn` in seconds of the world's clock, 600 by default; a null in `claims`
   *   or `header` leaves a member out
   * @returns {Promise<string>}
   */
  async jwt(options = {}) {
    return (await this.#control.call('POST', `/service-apps/${encodeURIComponent(this.iss)}/jwt`, snake(options))).token;
  }
}

/**
 * One world of a running mock: URLs for the code under test, builders, clock, faults and journal.
 *
 * A call that is refused rejects with a `ControlError`, which tells why.
 */
export class World extends Control {
  #opener;
  /** @type {string | undefined} */
  #name;
  #ended = false;

  /**
   * Nothing is sent yet.
   * @param {string} url where the world answers
   * @param {ConnectOptions} [options]
   * @param {{ opener: World, name: string }} [opened] by whom it was opened, and what it is called
   */
  constructor(url, options = {}, opened) {
    super(url, options);
    this.#opener = opened?.opener;
    this.#name = opened?.name;
    /** The worlds that were opened through this one. */
    this.opened = /** @type {World[]} */ ([]);
    this.accountsUrl = this.url;
    this.apiUrl = `${this.url}/api`;
    this.socketUrl = this.url;
    /** What Socket.IO clients call `path`: it begins with a slash. */
    this.socketioPath = `${this.path}/socket.io`;
    this.clock = new Clock(this);
    this.journal = new Journal(this);
    this.faults = new Faults(this);
  }

  /**
   * The name of this world.
   * @returns {Promise<string>}
   */
  async name() {
    this.#name ??= /** @type {string} */ ((await this.call('GET', '')).name);
    return this.#name;
  }

  /**
   * Open a world of its own on the same server; `drop`, or the end of an `await using`, ends it.
   * @param {Things.WorldOptions} [options]
   * @returns {Promise<World>}
   */
  async world({ name, seed = 'demo', ttl = IDLE_S } = {}) {
    /** @type {components['schemas']['HostedWorld']} */
    const made = await this.call('POST', '/worlds', { seed, ttl, ...snake({ name }) });
    const port = made.urls.port?.control.replace(/\/_mock$/, '');
    // Below the URL that is known to lead to the server, which may call itself otherwise.
    const url = port ?? `${this.origin}/w/${encodeURIComponent(made.name)}`;
    const world = new World(url, this.options, { opener: this, name: made.name });
    this.opened.push(world);
    return world;
  }

  /** End this world for good. */
  async drop() {
    await (this.#opener ?? this).call('DELETE', `/worlds/${encodeURIComponent(await this.name())}`);
    this.#ended = true;
    this.close();
  }

  /** Drop the world if `world` opened it and it is still there; close the connections. */
  async [Symbol.asyncDispose]() {
    if (this.#opener && !this.#ended) await this.drop();
    this.close();
  }

  /**
   * Create a registered user; a password is drawn unless given, the company is that of their e-mail's domain.
   * @param {string} username
   * @param {Things.UserOptions} [options] `companyAdmin` and `developer` are companies, or true for their own
   * @returns {Promise<Things.User>}
   */
  async user(username, { company, companyAdmin, developer, ...options } = {}) {
    const rest = { company: id(company), companyAdmin: ids(companyAdmin), developer: ids(developer) };
    return camel(await this.call('POST', '/users', snake({ username, ...options, ...rest })));
  }

  /**
   * Return a user who is there, by any of their e-mails.
   * @param {string} username
   * @returns {Promise<Things.User>}
   */
  async findUser(username) {
    return camel(await this.call('GET', `/users/${encodeURIComponent(username)}`));
  }

  /**
   * Change what is given of a user; who is not `enabled` has no valid credential any more.
   * @param {Person} who
   * @param {Things.UserChanges} changes an empty `company` or `picturefile` is none
   * @returns {Promise<Things.User>}
   */
  async changeUser(who, { company, companyAdmin, developer, ...changes }) {
    const rest = { company: id(company), companyAdmin: ids(companyAdmin), developer: ids(developer) };
    const path = `/users/${encodeURIComponent(username(who))}`;
    return camel(await this.call('PATCH', path, snake({ ...changes, ...rest })));
  }

  /**
   * Create a company; the e-mail domains decide who belongs to it, also of those who signed up before.
   * @param {string} name
   * @param {Things.CompanyOptions} [options]
   * @returns {Promise<Things.Company>}
   */
  async company(name, { creator, ...options } = {}) {
    return camel(await this.call('POST', '/companies', snake({ name, ...options, creator: username(creator) })));
  }

  /**
   * Create the service domain of a company, or change what is given of it.
   * @param {Ref} company
   * @param {Things.CompanyChanges} changes
   * @returns {Promise<Things.Company>}
   */
  async changeCompany(company, { creator, ...changes }) {
    const path = `/companies/${encodeURIComponent(id(company))}`;
    return camel(await this.call('PATCH', path, snake({ ...changes, creator: username(creator) })));
  }

  /**
   * Register an OAuth client; id and secret are drawn unless given.
   * @param {Things.OAuthClientOptions} [options]
   * @returns {Promise<Things.OAuthClient>}
   */
  async oauthClient({ owner, creator, ...options } = {}) {
    const body = snake({ name: 'OAuth client', ...options, owner: id(owner), creator: username(creator) });
    return camel(await this.call('POST', '/oauth-clients', body));
  }

  /**
   * Create a service app with a key pair; `scopes` are some, one, or 'all'.
   * @param {Things.ServiceAppOptions} [options]
   * @returns {Promise<ServiceApp>}
   */
  async serviceApp({ scopes = [], company, creator, ...options } = {}) {
    const body = snake({ ...options, scopes: listed(scopes), company: id(company), creator: username(creator) });
    return new ServiceApp(this, await this.call('POST', '/service-apps', body));
  }

  /**
   * Do what an admin does in the portal, and return the app as it is then.
   * @param {string | ServiceApp} app or its iss
   * @param {Things.ServiceAppChanges} changes
   * @returns {Promise<Things.AppState>}
   */
  async changeServiceApp(app, { scopes, ...changes }) {
    return camel(await this.call('PATCH', appPath(app), snake({ ...changes, scopes: scopes && listed(scopes) })));
  }

  /**
   * Add a key pair to a service app and return its file.
   * @param {string | ServiceApp} app or its iss
   * @returns {Promise<Things.KeyFile>}
   */
  async newKey(app) {
    return this.call('POST', `${appPath(app)}/keys`);
  }

  /**
   * Download the file of a key pair again.
   * @param {string | ServiceApp} app or its iss
   * @param {string} kid
   * @returns {Promise<Things.KeyFile>}
   */
  async keyFile(app, kid) {
    return this.call('GET', `${appPath(app)}/keys/${encodeURIComponent(kid)}`);
  }

  /**
   * Delete a key pair with immediate effect.
   * @param {string | ServiceApp} app or its iss
   * @param {string} kid
   */
  async dropKey(app, kid) {
    await this.call('DELETE', `${appPath(app)}/keys/${encodeURIComponent(kid)}`);
  }

  /**
   * Return a valid credential of a user: an OAuth access token (sent as `Bearer`), a user JWT (`kind: 'jwt'`), or a space
   * access token of a room app (`kind: 'sat'` with its `space`).
   * @param {Person} who
   * @param {Things.TokenOptions} [options] `expiresIn` in seconds; negative for one that has expired
   * @returns {Promise<string>}
   */
  async token(who, { space, ...options } = {}) {
    return (await this.call('POST', '/tokens', snake({ username: username(who), spaceId: id(space), ...options }))).token;
  }

  /**
   * Create a group space in any state.
   * @param {string} title
   * @param {Things.SpaceOptions} options
   * @returns {Promise<Things.Space>}
   */
  async space(title, { owner, members = [], ...options }) {
    const roles = isList(members)
      ? members.map((one) => ({ username: username(one), role: 'member' }))
      : Object.entries(members).map(([name, role]) => ({ username: name, role }));
    return camel(await this.call('POST', '/spaces', snake({ title, owner: username(owner), members: roles, ...options })));
  }

  /**
   * Let somebody say something in a space, announced like any message; they need no right to do so.
   *
   * Who it is, is said by `username` or, for people without an account, by `personId`. A chat with a `parent` is a
   * comment on that idea or task. `assignees`, `due` and `status` are a task's.
   * @param {Ref} space
   * @param {string} text
   * @param {Things.MessageOptions} options
   * @returns {Promise<Things.Message>}
   */
  async message(space, text, { username: who, personId, category = 'chat', description, parent, assignees, due, status }) {
    const made = await this.call('POST', `/spaces/${encodeURIComponent(id(space))}/messages`, {
      category,
      ...snake({ username: username(who), personId }),
      content: {
        bodyText: text,
        description,
        assignees: assignees?.map((one) => id(one)),
        dueDate: due instanceof Date ? due.toISOString() : due,
        status,
      },
      ...(parent ? { parentMsg: { _id: id(parent) } } : {}),
    });
    const [message] = await this.messages({ id: made._id });
    return /** @type {Things.Message} */ (message);
  }

  /**
   * Let somebody comment on a message; without a name it is who wrote that one.
   * @param {Things.Message} message
   * @param {string} text
   * @param {{ username?: Person, personId?: string }} [options]
   * @returns {Promise<Things.Message>}
   */
  async reply(message, text, options = {}) {
    const author = options.username ? {} : { personId: options.personId ?? message.senderId };
    return this.message(message.spaceId, text, { ...options, ...author, parent: message });
  }

  /**
   * Bring people into the meeting of a space, as their sockets would; the first one starts it.
   * @param {Ref} space
   * @param {...Person} people
   */
  async meeting(space, ...people) {
    const attendees = people.map((one) => ({ username: username(one) }));
    await this.call('POST', `/spaces/${encodeURIComponent(id(space))}/meeting`, { attendees });
  }

  /**
   * Return all group and direct spaces, oldest first.
   * @returns {Promise<Things.Space[]>}
   */
  async spaces() {
    return (await this.call('GET', '/spaces')).data.map(camel);
  }

  /**
   * Return the messages that fit, oldest first; `sender` is a user name, a display name or an id.
   * @param {Things.MessageQuery} [wanted]
   * @returns {Promise<Things.Message[]>}
   */
  async messages({ space, sender, parent, ...wanted } = {}) {
    const given = { ...wanted, space: id(space), sender: username(sender), parent: id(parent) };
    return (await this.call('GET', `/messages${query(given)}`)).data.map(inSpace);
  }

  /**
   * Return chat messages, oldest first; comments on ideas and tasks are some of them.
   * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
   */
  async chats(wanted = {}) {
    return this.messages({ ...wanted, category: 'chat' });
  }

  /**
   * Return posts, which the wire calls ideas, oldest first.
   * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
   */
  async posts(wanted = {}) {
    return this.messages({ ...wanted, category: 'idea' });
  }

  /**
   * Return tasks, oldest first.
   * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
   */
  async tasks(wanted = {}) {
    return this.messages({ ...wanted, category: 'task' });
  }

  /**
   * Return who is connected to the Socket.IO server, or the connections of one user.
   * @param {Person} [who]
   * @returns {Promise<Things.Socket[]>}
   */
  async sockets(who) {
    /** @type {Things.Socket[]} */
    const found = (await this.call('GET', '/sockets')).data.map(camel);
    return found.filter((socket) => who === undefined || socket.username === username(who));
  }

  /**
   * End connections, all or those that fit, and return how many.
   * @param {'idle' | 'namespace' | 'transport'} [how] as after silence, by telling the client, or without a word
   * @param {Things.SocketQuery} [wanted]
   * @returns {Promise<number>}
   */
  async closeSockets(how = 'transport', { username: who, space, ...wanted } = {}) {
    const filter = snake({ ...wanted, username: username(who), spaceId: id(space) });
    return (await this.call('POST', '/sockets/close', { how, filter })).closed.length;
  }

  /**
   * Return the e-mails that the real service would have sent, oldest first.
   * @returns {Promise<Things.Mail[]>}
   */
  async outbox() {
    return (await this.call('GET', '/outbox')).data.map(inSpace);
  }

  /**
   * Return what a query finds as soon as it finds something: `world.eventually(() => world.chats({ text: 'hello' }))`.
   * @template Found
   * @param {() => Found | Promise<Found>} query
   * @param {{ timeout?: number }} [options] `timeout` in seconds, 5 by default
   * @returns {Promise<NonNullable<Found>>}
   */
  async eventually(query, options) {
    return eventually(query, options);
  }

  /**
   * Assert that a call came, once or more, or exactly `times`; a failure tells what came near.
   * @param {Filters['route']} route as in 'POST /spaces/invite'
   * @param {Omit<Filters, 'route'> & { times?: number }} [filters]
   */
  async assertCalled(route, { times, ...filters } = {}) {
    const wanted = { ...filters, ...(route && { route }) };
    const found = await this.#called(wanted, times === undefined);
    if (times === undefined ? found.length : found.length === times) return;
    const came = found.slice(-SHOWN_CALLS).map((one) => `\n  came: ${line(one)}`);
    const near = times === undefined || found.length < times ? await this.journal.nearly(wanted) : '';
    const told = times === undefined ? 'nothing came' : `${found.length} came, not ${times},`;
    throw new Error(`${told} with ${described(wanted)}${came.join('')}${near}`);
  }

  /**
   * Assert that no such call came; a failure shows those that did.
   * @param {Filters['route']} route
   * @param {Omit<Filters, 'route'>} [filters]
   */
  async assertNotCalled(route, filters = {}) {
    const wanted = { ...filters, ...(route && { route }) };
    const found = await this.#called(wanted, false);
    const came = found.slice(-SHOWN_CALLS).map((one) => `\n  came: ${line(one)}`);
    if (found.length) throw new Error(`${found.length} came with ${described(wanted)}${came.join('')}`);
  }

  /**
   * Return what fits; one entry may be enough to know that it came, whatever the journal has dropped.
   * @param {Filters} wanted
   * @param {boolean} enough
   */
  async #called(wanted, enough) {
    try {
      return await this.journal.complete(wanted);
    } catch (error) {
      const found = enough && error instanceof IncompleteError ? await this.journal.find({ ...wanted, limit: 1 }) : [];
      if (!found.length) throw error;
      return found;
    }
  }

  /**
   * Refuse a call with the exact answer that belongs to a code: `reject('auth.credential_expired')`.
   * @param {Things.Code} code
   * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
   * @param {Things.Often & Omit<Things.Match, 'route'>} [options]
   * @returns {Promise<Fault>}
   */
  async reject(code, route, { times, probability, ...match } = {}) {
    return this.faults.plan({ match: { ...match, ...(route && { route }) }, reject: code, ...defined({ times, probability }) });
  }

  /**
   * Answer a call with an error of your own.
   * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
   * @param {Things.Answer & Things.Often & Omit<Things.Match, 'route'>} [options] `status` is 503 by default
   * @returns {Promise<Fault>}
   */
  async fail(route, { status = 503, body, headers, delay, times, probability, ...match } = {}) {
    const rest = defined({ body, headers, delay, times, probability });
    return this.faults.plan({ match: { ...match, ...(route && { route }) }, status, ...rest });
  }

  /**
   * Let a call wait.
   * @param {Things.Delay} delay in seconds
   * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
   * @param {Things.Often & Omit<Things.Match, 'route'>} [options]
   * @returns {Promise<Fault>}
   */
  async delay(delay, route, { times, probability, ...match } = {}) {
    return this.faults.plan({ match: { ...match, ...(route && { route }) }, delay, ...defined({ times, probability }) });
  }

  /**
   * Let the identity server misbehave: `misbehave('id_token.bad_signature')`.
   * @param {Things.Misbehaviour} name
   * @param {{ times?: number }} [options]
   */
  async misbehave(name, { times } = {}) {
    this.faults.planned = true;
    await this.call('POST', '/misbehaviours', snake({ name, times }));
  }

  /** Let the identity server do right again. */
  async behave() {
    await this.call('DELETE', '/misbehaviours');
  }

  /**
   * Return what this client planned - faults and misbehaviours - and what has not happened, with what came near.
   *
   * Faults of a probability below 1 need not happen.
   * @returns {Promise<string[]>}
   */
  async neverHappened() {
    if (!this.faults.planned) return [];
    const told = [];
    for (const { probability, match, action } of await this.faults.unfired()) {
      if (probability !== 1) continue;
      const filters = /** @type {Filters} */ (match);
      const fitting = await this.journal.find(filters);
      const near = fitting.length
        ? `\n  near: ${fitting.length} fit, but came before it was planned, or met another fault`
        : await this.journal.nearly(filters);
      told.push(`fault ${JSON.stringify(action)} ${JSON.stringify(match)}${near}`);
    }
    /** @type {components['schemas']['Misbehaviours']} */
    const { data } = await this.call('GET', '/misbehaviours');
    return [...told, ...data.filter(({ fired }) => !fired).map(({ name }) => `misbehaviour ${name}`)];
  }

  /**
   * Return all settings after changing some, by their names on the wire: `{ 'rest.enforce_limits': true }`.
   * @param {Things.SettingChanges} [changes]
   * @returns {Promise<Things.Settings>}
   */
  async settings(changes = {}) {
    return Object.keys(changes).length ? this.call('PATCH', '/settings', changes) : this.call('GET', '/settings');
  }

  /**
   * Return the whole state of the world.
   * @returns {Promise<Things.Snapshot>}
   */
  async snapshot() {
    return this.call('GET', '/snapshot');
  }

  /**
   * Let the world be what a snapshot says; sockets are closed.
   * @param {Things.Snapshot} snapshot
   */
  async restore(snapshot) {
    await this.call('PUT', '/snapshot', snapshot);
  }

  /** Bring the world back to its seed. */
  async reset() {
    await this.call('POST', '/reset');
  }
}

/**
 * @param {Things.Scopes} scopes
 * @returns {string[] | 'all'}
 */
function listed(scopes) {
  if (scopes === 'all') return 'all';
  return typeof scopes === 'string' ? [scopes] : [...scopes];
}

/** @param {string | ServiceApp} app */
function appPath(app) {
  return `/service-apps/${encodeURIComponent(typeof app === 'string' ? app : app.iss)}`;
}

/**
 * @param {{ topicId: string }} item
 * @returns {any}
 */
function inSpace({ topicId, ...item }) {
  return { ...camel(item), spaceId: topicId };
}

/**
 * @param {readonly Person[] | Readonly<Record<string, string>>} members
 * @returns {members is readonly Person[]}
 */
function isList(members) {
  return Array.isArray(members);
}

/**
 * Return what is not undefined.
 * @template {object} Given
 * @param {Given} given
 * @returns {{ [Name in keyof Given]?: NonNullable<Given[Name]> }}
 */
function defined(given) {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return /** @type {{ [Name in keyof Given]?: NonNullable<Given[Name]> }} */ (Object.fromEntries(kept));
}
