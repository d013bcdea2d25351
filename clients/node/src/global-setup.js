import { start } from './mock.js';

/**
 * Start one mock for a whole run of Vitest, Jest or Playwright, as their `globalSetup`; MOCKSPACES_URL tells the workers
 * where it is. It ends with the run.
 * @returns {Promise<() => Promise<void>>} what ends it
 */
export default async function setup() {
  const mock = await start();
  process.env.MOCKSPACES_URL ??= mock.url;
  return () => mock.stop();
}
