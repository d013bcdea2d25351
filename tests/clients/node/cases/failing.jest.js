// With Jest, to fail: refused, a plan that never happened, and too late.
import { expect } from '@jest/globals';
import { test } from 'mockspaces/jest';

const headers = { authorization: 'Bearer nonsense' };

test('refused', async ({ world }) => {
  expect((await fetch(`${world.apiUrl}/users/me`, { headers })).status).toBe(200);
});

test('unfired', async ({ world }) => {
  await world.reject('space.not_found', 'POST /spaces/{spaceId}/chats');
});

test('late', async ({ world }) => {
  await fetch(`${world.apiUrl}/users/me`, { headers });
  await new Promise(() => undefined);
}, 500);

test('good', async ({ world }) => {
  await fetch(`${world.apiUrl}/users/me`, { headers });
});
