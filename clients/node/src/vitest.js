import { test as base } from 'vitest';
import { Kept } from './kept.js';

/** @import { RunnerTestCase, TestAPI } from 'vitest' */
/** @import { World } from './world.js' */
/** @import { WorldOptions } from './things.d.ts' */

/** @type {WorldOptions} */
const worldOptions = {};

/**
 * Vitest's `test` with a fixture `world`: a world for the test, which ends with it; `worldOptions` says how it begins.
 *
 * If the test fails, its report shows the journal; a fault that was planned and never happened fails it.
 * @type {TestAPI<{ world: World, worldOptions: WorldOptions }>}
 */
export const test = base.extend({
  worldOptions,
  world: async (
    /** @type {{ worldOptions: WorldOptions, task: RunnerTestCase }} */ { worldOptions, task },
    /** @type {(world: World) => Promise<void>} */ use,
  ) => {
    const kept = await Kept.open(worldOptions);
    try {
      await use(kept.world);
      const failure = task.result?.errors?.[0];
      if (failure) failure.message += `\n${await kept.story()}`;
      else await kept.check();
    } finally {
      await kept.end();
    }
  },
});

export const it = test;
