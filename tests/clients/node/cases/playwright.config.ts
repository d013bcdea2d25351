import { defineConfig } from '@playwright/test';

export default defineConfig({
  testMatch: /.*\.pw\.ts/,
  globalSetup: 'mockspaces/global-setup',
  workers: 1,
  reporter: 'list',
  use: { launchOptions: { executablePath: process.env.CHROMIUM ?? '', args: ['--no-sandbox'] } },
});
