// With node:test: the calls of the client, one after another, as a test of a program would make them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlError, eventually, IncompleteError, start, TimeoutError } from 'mockspaces';
import { worldFor } from 'mockspaces/node-test';

const asked = (world, path, token, options = {}) =>
  fetch(`${world.apiUrl}${path}`, { ...options, headers: { authorization: token, ...options.headers } });

const posted = (world, path, token, body) =>
  asked(world, path, token, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

test('people, companies, spaces and messages', async (t) => {
  const world = await worldFor(t, { seed: 'empty' });
  const company = await world.company('Zoo', { domains: ['zoo.example'] });
  const zoe = await world.user('zoe@zoo.example', { companyAdmin: true, givenname: 'Zoe' });
  assert.deepEqual([zoe.companyId, zoe.companyAdmin], [company.id, [company.id]]);
  assert.deepEqual(await world.findUser('zoe@zoo.example'), zoe);
  assert.equal((await world.changeUser(zoe, { displayname: 'Z' })).displayname, 'Z');
  assert.match((await world.changeCompany(company, { serviceDomain: true })).serviceDomain, /\./);
  await world.user('max@zoo.example');
  const space = await world.space('Plans', { owner: zoe, members: { 'max@zoo.example': 'admin' } });
  const task = await world.message(space, 'Write', { username: zoe, category: 'task', assignees: [zoe], due: new Date(2e12) });
  const comment = await world.reply(task, 'Done?');
  assert.deepEqual([task.spaceId, task.due, comment.parentId], [space.id, '2033-05-18T03:33:20.000Z', task.id]);
  assert.deepEqual((await world.tasks({ space })).map(({ id }) => id), [task.id]);
  assert.deepEqual((await world.chats({ sender: zoe, parent: task })).map(({ text }) => text), ['Done?']);
  assert.deepEqual(await world.posts(), []);
  assert.deepEqual((await world.spaces()).map(({ title }) => title), ['Plans']);
  await world.meeting(space, zoe, 'max@zoo.example');
  const sat = await world.token(zoe, { kind: 'jwt' });
  assert.equal((await asked(world, `/spaces/${space.id}`, `jwt ${sat}`)).status, 200);
});

test('service apps, their keys and JWTs', async (t) => {
  const world = await worldFor(t);
  const app = await world.serviceApp({ scopes: ['spaces.create', 'spaces.list'] });
  const good = await app.jwt({ expiresIn: 60 });
  assert.equal((await posted(world, '/spaces/invite', `service_app ${good}`, { topic: { title: 'Room' } })).status, 200);
  const late = await app.jwt({ expiresIn: -1 });
  assert.equal((await asked(world, '/users/me/spaces', `service_app ${late}`)).status, 401);
  const { code, why, caller, credential } = await world.journal.last({ refused: true });
  assert.deepEqual([code, caller, credential.iss], ['auth.credential_expired', null, app.iss]);
  assert.match(why, /exp \d+ was \d+ s ago/);
  const other = await world.newKey(app);
  assert.deepEqual(await world.keyFile(app, other.kid), other);
  await world.dropKey(app, other.kid);
  await assert.rejects(world.keyFile(app, other.kid), ControlError);
  assert.deepEqual((await world.changeServiceApp(app, { active: false, scopes: 'spaces.list' })).scopes, ['spaces.list']);
  assert.equal((await world.oauthClient({ redirectUris: ['http://localhost/back'] })).redirectUris.length, 1);
});

test('journal, waiting and assertions', async (t) => {
  const world = await worldFor(t);
  const token = `Bearer ${await world.token('ann@example.com')}`;
  const waiting = world.journal.wait({ path: '/api/users/me', status: 401 });
  await asked(world, '/users/me?x=1', 'Bearer nonsense');
  const [entry] = await waiting;
  assert.deepEqual(entry.query, { x: '1' });
  assert.equal(entry.requestHeaders.get('authorization'), 'Bearer ***');
  assert.equal(JSON.parse(entry.response).code, 'auth.credential_invalid');
  assert.equal((await asked(world, '/users/me', token)).status, 200);
  await world.assertCalled('GET /users/me', { times: 2 });
  await world.assertCalled('GET /users/me', { caller: 'ann@example.com' });
  await world.assertNotCalled('POST /spaces/invite');
  await assert.rejects(world.assertNotCalled('GET /users/me', { refused: true }), /1 came with .*\n {2}came: 401/);
  await assert.rejects(world.assertCalled('GET /users/me', { times: 3 }), /2 came, not 3/);
  await assert.rejects(
    world.assertCalled('GET /users/me', { caller: 'bob@example.com' }),
    /near: 2 entries fit but for caller=bob@example.com: .*oauth ann@example.com \(1\)/,
  );
  await assert.rejects(world.journal.wait({ status: 500, timeout: 0.1 }), TimeoutError);
  await assert.rejects(world.journal.find({ route: 'GET /user/me' }), /GET \/users\/me/);
  assert.equal((await world.journal.har()).log.entries.length, 2);
  assert.equal(await world.journal.count(), 2);
  await world.journal.clear();
  assert.equal(await world.journal.count(), 0);
  await assert.rejects(eventually(() => world.journal.find(), { timeout: 0.05 }), TimeoutError);
  assert.equal(new IncompleteError('x').name, 'IncompleteError');
});

test('faults and misbehaviours', async (t) => {
  const world = await worldFor(t);
  const token = `Bearer ${await world.token('ann@example.com')}`;
  const refusal = await world.reject('space.not_found', 'GET /users/me', { times: 1 });
  await world.fail('GET /users/me', { headers: { 'Retry-After': '1' }, times: 1 });
  await world.delay({ median: 0.01, p99: 0.02 }, 'GET /users/me', { caller: 'ann@example.com' });
  const first = await asked(world, '/users/me', token);
  assert.deepEqual([first.status, (await first.json()).code], [404, 'space.not_found']);
  const second = await asked(world, '/users/me', token);
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1']);
  assert.equal((await asked(world, '/users/me', token)).status, 200);
  assert.equal(await refusal.fired(), 1);
  await world.faults.clear();
  const cut = await world.faults.plan({ match: { route: 'GET /users/me' }, transport: 'drop', times: 1 });
  await assert.rejects(asked(world, '/users/me', token));
  assert.equal(await cut.fired(), 1);
  await world.misbehave('id_token.bad_signature');
  const left = await world.reject('auth.credential_expired', 'POST /spaces/invite');
  assert.equal((await world.neverHappened()).length, 2);
  assert.deepEqual((await world.faults.unfired()).map(({ id }) => id), [left.id]);
  await left.drop();
  await world.behave();
  assert.deepEqual(await world.neverHappened(), []);
  await world.faults.clear();
  assert.deepEqual(await world.faults.all(), []);
});

test('clock, settings and snapshots', async (t) => {
  const world = await worldFor(t);
  const token = `Bearer ${await world.token('ann@example.com', { expiresIn: 600 })}`;
  const before = await world.snapshot();
  await world.clock.ahead({ hours: 1 }, async () => assert.equal((await asked(world, '/users/me', token)).status, 401));
  assert.equal((await asked(world, '/users/me', token)).status, 200);
  await world.clock.freeze(new Date('2031-02-03T04:05:06Z'));
  assert.equal((await world.clock.now()).toISOString(), '2031-02-03T04:05:06.000Z');
  await world.clock.advance(60);
  await world.clock.advance({ minutes: -1 });
  await world.clock.resume();
  assert.equal((await world.settings({ 'rest.enforce_limits': true }))['rest.enforce_limits'], true);
  assert.equal((await world.settings())['rest.enforce_limits'], true);
  await world.reset();
  assert.equal((await asked(world, '/users/me', token)).status, 401);
  await world.restore(before);
  assert.equal((await asked(world, '/users/me', token)).status, 200);
  await assert.rejects(world.settings({ 'rest.enforce_limit': true }), /400 .*rest\.enforce_limits/);
});

test('worlds know nothing of each other, and end', async (t) => {
  const world = await worldFor(t);
  const other = await world.world({ name: 'other', seed: { users: [{ username: 'una@example.com' }] } });
  await assert.rejects(world.findUser('una@example.com'), ControlError);
  assert.equal((await other.findUser('una@example.com')).username, 'una@example.com');
  assert.equal(await other.name(), 'other');
  await other.drop();
  await assert.rejects(other.spaces());
});

test('a mock of its own', async () => {
  const mock = await start({ url: '', seed: 'empty', settings: { 'rest.enforce_limits': true }, controlToken: 'secret' });
  try {
    assert.equal((await mock.settings())['rest.enforce_limits'], true);
    await assert.rejects((await start({ url: mock.url })).spaces(), ControlError);
    const world = await (await start({ url: mock.url, controlToken: 'secret' })).world({ ttl: null });
    assert.equal((await world.findUser('ann@example.com')).username, 'ann@example.com');
  } finally {
    await mock.stop();
  }
  await assert.rejects(start({ url: mock.url }), /ECONNREFUSED/);
  await assert.rejects(start({ url: '', args: ['--nonsense'] }), /did not start: .*No such option/s);
  await assert.rejects(start({ url: '', python: '/nowhere/python' }), /ENOENT/);
});
