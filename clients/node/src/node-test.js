import { Kept, tell } from './kept.js';

/** @import { TestContext } from 'node:test' */
/** @import { World } from './world.js' */
/** @import { WorldOptions } from './things.d.ts' */

/**
 * Open a world for a test of node:test, which ends with it.
 *
 * If the test fails, its report shows the journal; a fault that was planned and never happened fails it.
 * @param {TestContext} t
 * @param {WorldOptions} [options]
 * @returns {Promise<World>}
 */
export async function worldFor(t, options) {
  const kept = await Kept.open(options);
  t.after(async () => {
    try {
      // Told since Node 20.12; the types of Node 20 do not know it.
      const { error } = /** @type {{ error?: Error | null }} */ (t);
      if (error) report(t, error.cause ?? error, await kept.story());
      else await kept.check();
    } finally {
      await kept.end();
    }
  });
  return kept.world;
}

/**
 * @param {TestContext} t
 * @param {unknown} failure
 * @param {string} told
 */
function report(t, failure, told) {
  if (!tell(failure, told)) for (const line of told.trim().split('\n')) t.diagnostic(line);
}
