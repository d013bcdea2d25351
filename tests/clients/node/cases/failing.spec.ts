// With Vitest, to fail: refused, a plan that never happened, and too late.
import { test } from 'mockspaces/vitest';
import { expect } from 'vitest';

const headers = { authorization: 'Bearer nonsense' };

test('refused', async ({ world }) => {
  expect((await fetch(`${world.apiUrl}/users/me`, { headers })).status).toBe(200);
});

test('unfired', async ({ world }) => {
  await world.reject('space.not_found', 'POST /spaces/{spaceId}/chats');
});

test('late', { timeout: 500 }, async ({ world }) => {
  await fetch(`${world.apiUrl}/users/me`, { headers });
  await new Promise(() => undefined);
});

test('good', async ({ world }) => {
  await fetch(`${world.apiUrl}/users/me`, { headers });
});
