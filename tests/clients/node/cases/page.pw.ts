// With Playwright: a browser that signs in, and the calls that it makes.
import { expect, test } from 'mockspaces/playwright';

test.describe('an empty one', () => {
  test.use({ worldOptions: { seed: 'empty' } });
  test('has nobody', async ({ world }) => {
    await expect(world.findUser('ann@example.com')).rejects.toThrow(/ann@example\.com/);
  });
});

test('a browser reaches the world', async ({ page, world }) => {
  await page.goto(`${world.accountsUrl}/account/login/`);
  await expect(page.locator('form').first()).toBeVisible();
  const [entry] = await world.journal.wait({ surface: 'accounts', path: '/account/login/' });
  expect(entry?.status).toBe(200);
});
