// With Playwright, to fail: refused, a plan that never happened, and too late.
import { expect, test } from 'mockspaces/playwright';

const headers = { authorization: 'Bearer nonsense' };

test('refused', async ({ world, request }) => {
  expect((await request.get(`${world.apiUrl}/users/me`, { headers })).status()).toBe(200);
});

test('unfired', async ({ world }) => {
  await world.reject('space.not_found', 'POST /spaces/{spaceId}/chats');
});

test('late', async ({ world }) => {
  test.setTimeout(2000);
  await fetch(`${world.apiUrl}/users/me`, { headers });
  await new Promise(() => undefined);
});

test('good', async ({ world }) => {
  await fetch(`${world.apiUrl}/users/me`, { headers });
});
