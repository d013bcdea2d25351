// With Vitest, which compiles TypeScript: a world as a fixture, and one of a block.
import { start } from 'mockspaces';
import { test } from 'mockspaces/vitest';
import { describe, expect, vi } from 'vitest';

test('a world of its own', async ({ world }) => {
  const token = await world.token('ann@example.com', { expiresIn: 600 });
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${world.apiUrl}/users/me`, { headers })).status).toBe(200);
  await world.clock.advance({ hours: 1 });
  expect((await fetch(`${world.apiUrl}/users/me`, { headers })).status).toBe(401);
});

describe('an empty one', () => {
  test.override({ worldOptions: { seed: 'empty' } });
  test('has nobody', async ({ world }) => {
    await expect(world.findUser('ann@example.com')).rejects.toThrow(/ann@example\.com/);
  });
});

test('a block', async () => {
  await using mock = await start();
  let url = '';
  {
    await using world = await mock.world({ seed: 'empty' });
    await world.user('zoe@example.com');
    url = world.apiUrl;
  }
  await expect(fetch(url)).rejects.toThrow();
});

test('what a test replaces does not reach the client', async ({ world }) => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => Promise.reject(new Error('replaced')));
  try {
    await expect(world.eventually(() => world.spaces(), { timeout: 0.05 })).rejects.toThrow(/within 0\.05 s/);
    expect((await world.user('zoe@example.com')).username).toBe('zoe@example.com');
  } finally {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }
});
