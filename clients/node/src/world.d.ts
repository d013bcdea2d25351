/** A service app of a company. */
export class ServiceApp {
    /**
     * @param {Control} control
     * @param {components['schemas']['MockApp']} made
     */
    constructor(control: Control, made: components["schemas"]["MockApp"]);
    iss: string;
    sub: string;
    name: string;
    company: string | null;
    scopes: string[];
    /** The content of its downloadable key file: iss, sub, kid and private_key; null without one. */
    key: {
        iss: string;
        sub: string;
        kid: string;
        private_key: string;
    } | null;
    /**
     * Return a JWT as this app would sign it, good, or bad on purpose: `app.jwt({ expiresIn: -1 })`.
     *
     * It is sent as `Authorization: service_app <JWT>`.
     * @param {Things.JwtOptions} [options] `expiresIn` in seconds of the world's clock, 600 by default; a null in `claims`
     *   or `header` leaves a member out
     * @returns {Promise<string>}
     */
    jwt(options?: Things.JwtOptions): Promise<string>;
    #private;
}
/**
 * One world of a running mock: URLs for the code under test, builders, clock, faults and journal.
 *
 * A call that is refused rejects with a `ControlError`, which tells why.
 */
export class World extends Control {
    /**
     * Nothing is sent yet.
     * @param {string} url where the world answers
     * @param {ConnectOptions} [options]
     * @param {{ opener: World, name: string }} [opened] by whom it was opened, and what it is called
     */
    constructor(url: string, options?: Things.ConnectOptions, opened?: {
        opener: World;
        name: string;
    });
    /** The worlds that were opened through this one. */
    opened: World[];
    accountsUrl: string;
    apiUrl: string;
    socketUrl: string;
    /** What Socket.IO clients call `path`: it begins with a slash. */
    socketioPath: string;
    clock: Clock;
    journal: Journal;
    faults: Faults;
    /**
     * The name of this world.
     * @returns {Promise<string>}
     */
    name(): Promise<string>;
    /**
     * Open a world of its own on the same server; `drop`, or the end of an `await using`, ends it.
     * @param {Things.WorldOptions} [options]
     * @returns {Promise<World>}
     */
    world({ name, seed, ttl }?: Things.WorldOptions): Promise<World>;
    /** End this world for good. */
    drop(): Promise<void>;
    /**
     * Create a registered user; a password is drawn unless given, the company is that of their e-mail's domain.
     * @param {string} username
     * @param {Things.UserOptions} [options] `companyAdmin` and `developer` are companies, or true for their own
     * @returns {Promise<Things.User>}
     */
    user(username: string, { company, companyAdmin, developer, ...options }?: Things.UserOptions): Promise<Things.User>;
    /**
     * Return a user who is there, by any of their e-mails.
     * @param {string} username
     * @returns {Promise<Things.User>}
     */
    findUser(username: string): Promise<Things.User>;
    /**
     * Change what is given of a user; who is not `enabled` has no valid credential any more.
     * @param {Person} who
     * @param {Things.UserChanges} changes an empty `company` or `picturefile` is none
     * @returns {Promise<Things.User>}
     */
    changeUser(who: Things.Person, { company, companyAdmin, developer, ...changes }: Things.UserChanges): Promise<Things.User>;
    /**
     * Create a company; the e-mail domains decide who belongs to it, also of those who signed up before.
     * @param {string} name
     * @param {Things.CompanyOptions} [options]
     * @returns {Promise<Things.Company>}
     */
    company(name: string, { creator, ...options }?: Things.CompanyOptions): Promise<Things.Company>;
    /**
     * Create the service domain of a company, or change what is given of it.
     * @param {Ref} company
     * @param {Things.CompanyChanges} changes
     * @returns {Promise<Things.Company>}
     */
    changeCompany(company: Things.Ref, { creator, ...changes }: Things.CompanyChanges): Promise<Things.Company>;
    /**
     * Register an OAuth client; id and secret are drawn unless given.
     * @param {Things.OAuthClientOptions} [options]
     * @returns {Promise<Things.OAuthClient>}
     */
    oauthClient({ owner, creator, ...options }?: Things.OAuthClientOptions): Promise<Things.OAuthClient>;
    /**
     * Create a service app with a key pair; `scopes` are some, one, or 'all'.
     * @param {Things.ServiceAppOptions} [options]
     * @returns {Promise<ServiceApp>}
     */
    serviceApp({ scopes, company, creator, ...options }?: Things.ServiceAppOptions): Promise<ServiceApp>;
    /**
     * Do what an admin does in the portal, and return the app as it is then.
     * @param {string | ServiceApp} app or its iss
     * @param {Things.ServiceAppChanges} changes
     * @returns {Promise<Things.AppState>}
     */
    changeServiceApp(app: string | ServiceApp, { scopes, ...changes }: Things.ServiceAppChanges): Promise<Things.AppState>;
    /**
     * Add a key pair to a service app and return its file.
     * @param {string | ServiceApp} app or its iss
     * @returns {Promise<Things.KeyFile>}
     */
    newKey(app: string | ServiceApp): Promise<Things.KeyFile>;
    /**
     * Download the file of a key pair again.
     * @param {string | ServiceApp} app or its iss
     * @param {string} kid
     * @returns {Promise<Things.KeyFile>}
     */
    keyFile(app: string | ServiceApp, kid: string): Promise<Things.KeyFile>;
    /**
     * Delete a key pair with immediate effect.
     * @param {string | ServiceApp} app or its iss
     * @param {string} kid
     */
    dropKey(app: string | ServiceApp, kid: string): Promise<void>;
    /**
     * Return a valid credential of a user: an OAuth access token (sent as `Bearer`), a user JWT (`kind: 'jwt'`), or a space
     * access token of a room app (`kind: 'sat'` with its `space`).
     * @param {Person} who
     * @param {Things.TokenOptions} [options] `expiresIn` in seconds; negative for one that has expired
     * @returns {Promise<string>}
     */
    token(who: Things.Person, { space, ...options }?: Things.TokenOptions): Promise<string>;
    /**
     * Create a group space in any state.
     * @param {string} title
     * @param {Things.SpaceOptions} options
     * @returns {Promise<Things.Space>}
     */
    space(title: string, { owner, members, ...options }: Things.SpaceOptions): Promise<Things.Space>;
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
    message(space: Things.Ref, text: string, { username: who, personId, category, description, parent, assignees, due, status }: Things.MessageOptions): Promise<Things.Message>;
    /**
     * Let somebody comment on a message; without a name it is who wrote that one.
     * @param {Things.Message} message
     * @param {string} text
     * @param {{ username?: Person, personId?: string }} [options]
     * @returns {Promise<Things.Message>}
     */
    reply(message: Things.Message, text: string, options?: {
        username?: Things.Person;
        personId?: string;
    }): Promise<Things.Message>;
    /**
     * Bring people into the meeting of a space, as their sockets would; the first one starts it.
     * @param {Ref} space
     * @param {...Person} people
     */
    meeting(space: Things.Ref, ...people: Things.Person[]): Promise<void>;
    /**
     * Return all group and direct spaces, oldest first.
     * @returns {Promise<Things.Space[]>}
     */
    spaces(): Promise<Things.Space[]>;
    /**
     * Return the messages that fit, oldest first; `sender` is a user name, a display name or an id.
     * @param {Things.MessageQuery} [wanted]
     * @returns {Promise<Things.Message[]>}
     */
    messages({ space, sender, parent, ...wanted }?: Things.MessageQuery): Promise<Things.Message[]>;
    /**
     * Return chat messages, oldest first; comments on ideas and tasks are some of them.
     * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
     */
    chats(wanted?: Omit<Things.MessageQuery, "category">): Promise<Readonly<Omit<Things.Camel<{
        _id: string;
        topicId: string;
        category: "chat" | "idea" | "task" | "meeting";
        sender: string;
        sender_id: string;
        text: string;
        description: string;
        created: string;
        modified: string | null;
        parent_id: string | null;
        attachments: string[];
        status: ("pending" | "completed") | null;
        due: string | null;
        assignees: string[];
    }>, "topicId"> & {
        spaceId: string;
    }>[]>;
    /**
     * Return posts, which the wire calls ideas, oldest first.
     * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
     */
    posts(wanted?: Omit<Things.MessageQuery, "category">): Promise<Readonly<Omit<Things.Camel<{
        _id: string;
        topicId: string;
        category: "chat" | "idea" | "task" | "meeting";
        sender: string;
        sender_id: string;
        text: string;
        description: string;
        created: string;
        modified: string | null;
        parent_id: string | null;
        attachments: string[];
        status: ("pending" | "completed") | null;
        due: string | null;
        assignees: string[];
    }>, "topicId"> & {
        spaceId: string;
    }>[]>;
    /**
     * Return tasks, oldest first.
     * @param {Omit<Things.MessageQuery, 'category'>} [wanted]
     */
    tasks(wanted?: Omit<Things.MessageQuery, "category">): Promise<Readonly<Omit<Things.Camel<{
        _id: string;
        topicId: string;
        category: "chat" | "idea" | "task" | "meeting";
        sender: string;
        sender_id: string;
        text: string;
        description: string;
        created: string;
        modified: string | null;
        parent_id: string | null;
        attachments: string[];
        status: ("pending" | "completed") | null;
        due: string | null;
        assignees: string[];
    }>, "topicId"> & {
        spaceId: string;
    }>[]>;
    /**
     * Return who is connected to the Socket.IO server, or the connections of one user.
     * @param {Person} [who]
     * @returns {Promise<Things.Socket[]>}
     */
    sockets(who?: Things.Person): Promise<Things.Socket[]>;
    /**
     * End connections, all or those that fit, and return how many.
     * @param {'idle' | 'namespace' | 'transport'} [how] as after silence, by telling the client, or without a word
     * @param {Things.SocketQuery} [wanted]
     * @returns {Promise<number>}
     */
    closeSockets(how?: "idle" | "namespace" | "transport", { username: who, space, ...wanted }?: Things.SocketQuery): Promise<number>;
    /**
     * Return the e-mails that the real service would have sent, oldest first.
     * @returns {Promise<Things.Mail[]>}
     */
    outbox(): Promise<Things.Mail[]>;
    /**
     * Return what a query finds as soon as it finds something: `world.eventually(() => world.chats({ text: 'hello' }))`.
     * @template Found
     * @param {() => Found | Promise<Found>} query
     * @param {{ timeout?: number }} [options] `timeout` in seconds, 5 by default
     * @returns {Promise<NonNullable<Found>>}
     */
    eventually<Found>(query: () => Found | Promise<Found>, options?: {
        timeout?: number;
    }): Promise<NonNullable<Found>>;
    /**
     * Assert that a call came, once or more, or exactly `times`; a failure tells what came near.
     * @param {Filters['route']} route as in 'POST /spaces/invite'
     * @param {Omit<Filters, 'route'> & { times?: number }} [filters]
     */
    assertCalled(route: Things.Filters["route"], { times, ...filters }?: Omit<Things.Filters, "route"> & {
        times?: number;
    }): Promise<void>;
    /**
     * Assert that no such call came; a failure shows those that did.
     * @param {Filters['route']} route
     * @param {Omit<Filters, 'route'>} [filters]
     */
    assertNotCalled(route: Things.Filters["route"], filters?: Omit<Things.Filters, "route">): Promise<void>;
    /**
     * Refuse a call with the exact answer that belongs to a code: `reject('auth.credential_expired')`.
     * @param {Things.Code} code
     * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
     * @param {Things.Often & Omit<Things.Match, 'route'>} [options]
     * @returns {Promise<Fault>}
     */
    reject(code: Things.Code, route?: Things.Route, { times, probability, ...match }?: Things.Often & Omit<Things.Match, "route">): Promise<Fault>;
    /**
     * Answer a call with an error of your own.
     * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
     * @param {Things.Answer & Things.Often & Omit<Things.Match, 'route'>} [options] `status` is 503 by default
     * @returns {Promise<Fault>}
     */
    fail(route?: Things.Route, { status, body, headers, delay, times, probability, ...match }?: Things.Answer & Things.Often & Omit<Things.Match, "route">): Promise<Fault>;
    /**
     * Let a call wait.
     * @param {Things.Delay} delay in seconds
     * @param {Things.Route} [route] as in 'POST /spaces/invite'; any call without one
     * @param {Things.Often & Omit<Things.Match, 'route'>} [options]
     * @returns {Promise<Fault>}
     */
    delay(delay: Things.Delay, route?: Things.Route, { times, probability, ...match }?: Things.Often & Omit<Things.Match, "route">): Promise<Fault>;
    /**
     * Let the identity server misbehave: `misbehave('id_token.bad_signature')`.
     * @param {Things.Misbehaviour} name
     * @param {{ times?: number }} [options]
     */
    misbehave(name: Things.Misbehaviour, { times }?: {
        times?: number;
    }): Promise<void>;
    /** Let the identity server do right again. */
    behave(): Promise<void>;
    /**
     * Return what this client planned - faults and misbehaviours - and what has not happened, with what came near.
     *
     * Faults of a probability below 1 need not happen.
     * @returns {Promise<string[]>}
     */
    neverHappened(): Promise<string[]>;
    /**
     * Return all settings after changing some, by their names on the wire: `{ 'rest.enforce_limits': true }`.
     * @param {Things.SettingChanges} [changes]
     * @returns {Promise<Things.Settings>}
     */
    settings(changes?: Things.SettingChanges): Promise<Things.Settings>;
    /**
     * Return the whole state of the world.
     * @returns {Promise<Things.Snapshot>}
     */
    snapshot(): Promise<Things.Snapshot>;
    /**
     * Let the world be what a snapshot says; sockets are closed.
     * @param {Things.Snapshot} snapshot
     */
    restore(snapshot: Things.Snapshot): Promise<void>;
    /** Bring the world back to its seed. */
    reset(): Promise<void>;
    /** Drop the world if `world` opened it and it is still there; close the connections. */
    [Symbol.asyncDispose](): Promise<void>;
    #private;
}
import type * as Things from './things.d.ts';
import { Control } from './control.js';
import type { components } from './api.d.ts';
import { Clock } from './clock.js';
import { Journal } from './journal.js';
import { Faults } from './faults.js';
import type { Fault } from './faults.js';
