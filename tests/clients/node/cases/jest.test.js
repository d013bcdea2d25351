// With Jest.
import { expect, jest } from '@jest/globals';
import { test, worldTest } from 'mockspaces/jest';

test('a world of its own', async ({ world }) => {
  const headers = { authorization: `Bearer ${await world.token('ann@example.com')}` };
  expect((await fetch(`${world.apiUrl}/users/me`, { headers })).status).toBe(200);
});

worldTest({ seed: 'empty' })('an empty one', async ({ world }) => {
  await expect(world.findUser('ann@example.com')).rejects.toThrow(/ann@example\.com/);
});

test('what a test replaces does not reach the client', async ({ world }) => {
  jest.useFakeTimers();
  try {
    await expect(world.eventually(() => world.spaces(), { timeout: 0.05 })).rejects.toThrow(/within 0\.05 s/);
  } finally {
    jest.useRealTimers();
  }
});
