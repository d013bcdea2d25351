// With node:test, to fail: refused, a plan that never happened, too late, and something thrown that is no error.
import { test } from 'node:test';
import { worldFor } from 'mockspaces/node-test';

test('refused', async (t) => {
  const world = await worldFor(t);
  const { status } = await fetch(`${world.apiUrl}/users/me`, { headers: { authorization: 'Bearer nonsense' } });
  if (status !== 200) throw new Error(`answered ${status}`);
});

test('unfired', async (t) => {
  const world = await worldFor(t);
  const other = await world.world();
  await other.reject('space.not_found', 'POST /spaces/{spaceId}/chats');
});

test('late', { timeout: 500 }, async (t) => {
  const world = await worldFor(t);
  await fetch(`${world.apiUrl}/users/me`, { headers: { authorization: 'Bearer nonsense' } });
  await new Promise((resolve) => setTimeout(resolve, 2000));
});

test('thrown', async (t) => {
  const world = await worldFor(t);
  await fetch(`${world.apiUrl}/users/me`, { headers: { authorization: 'Bearer nonsense' } });
  throw 'a word';
});

test('good', async (t) => {
  const world = await worldFor(t);
  await fetch(`${world.apiUrl}/users/me`, { headers: { authorization: 'Bearer nonsense' } });
});
