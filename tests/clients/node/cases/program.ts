// What the types of the package say to a program outside of it; each mistake must be one.
import { start, type World } from 'mockspaces';
import setup from 'mockspaces/global-setup';
import { worldTest } from 'mockspaces/jest';
import { worldFor } from 'mockspaces/node-test';
import { test as pages } from 'mockspaces/playwright';
import { test } from 'mockspaces/vitest';
import nodeTest from 'node:test';

export async function good(world: World): Promise<void> {
  const zoe = await world.user('zoe@example.com', { displayname: 'Zoe', companyAdmin: true });
  const name: string = zoe.companyId ?? zoe.displayname;
  const app = await world.serviceApp({ scopes: ['spaces.create'], company: zoe.companyId ?? '' });
  const token: string = await app.jwt({ expiresIn: 60, claims: { sub: null } });
  const space = await world.space(name, { owner: zoe, members: { 'bob@example.com': 'admin' } });
  const message = await world.message(space, token, { username: zoe, due: new Date() });
  const where: string = message.spaceId;
  const found = await world.eventually(() => world.journal.find({ route: 'GET /users/me', status: '4xx', path: where }));
  const why: string | undefined = found[0]?.why;
  await world.reject('space.not_found', 'POST /spaces/{spaceId}/chats', { times: 1, caller: why ?? '' });
  await world.settings({ 'rest.enforce_limits': true });
}

export async function bad(world: World): Promise<void> {
  // @ts-expect-error -- no such member
  await world.user('zoe@example.com', { displayName: 'Zoe' });
  // @ts-expect-error -- no such scope
  await world.serviceApp({ scopes: ['spaces.craete'] });
  // @ts-expect-error -- no such code
  await world.reject('space.lost');
  // @ts-expect-error -- no such route
  await world.journal.find({ route: 'GET /user/me' });
  // @ts-expect-error -- no such setting
  await world.settings({ 'rest.enforce_limit': true });
  // @ts-expect-error -- a space needs an owner
  await world.space('Room');
  // @ts-expect-error -- no such member
  (await world.journal.last()).reason;
}

test('vitest', async ({ world }) => good(world));
pages('playwright', async ({ world, page }) => void (await page.goto(world.url)));
worldTest({ seed: 'empty' })('jest', async ({ world }) => good(world));
void nodeTest('node:test', async (t) => good(await worldFor(t, { ttl: null })));
void setup().then((stop) => stop());
void start({ python: 'python3' }).then((mock) => mock.stop());
