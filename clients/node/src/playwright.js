import { expect, test as base } from '@playwright/test';
import { Kept } from './kept.js';

/** @import { PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions, TestType } from '@playwright/test' */
/** @import { World } from './world.js' */
/** @import { WorldOptions } from './things.d.ts' */

/**
 * Playwright's `test` with a fixture `world`: a world for the test, which ends with it; `worldOptions` says how it begins.
 *
 * If the test fails, its report shows the journal and has it attached; a fault that was planned and never happened fails
 * it.
 * @type {TestType<PlaywrightTestArgs & PlaywrightTestOptions & { world: World, worldOptions: WorldOptions },
 *   PlaywrightWorkerArgs & PlaywrightWorkerOptions>}
 */
export const test = base.extend({
  worldOptions: [{}, { option: true }],
  world: async ({ worldOptions }, use, testInfo) => {
    const kept = await Kept.open(worldOptions);
    try {
      await use(kept.world);
      if (testInfo.status === testInfo.expectedStatus) {
        await kept.check();
      } else {
        const told = await kept.story();
        await testInfo.attach('mockspaces journal', { body: told, contentType: 'text/plain' });
        testInfo.errors.push({ message: told });
      }
    } finally {
      await kept.end();
    }
  },
});

export { expect };
