import { afterAll, afterEach, test as base } from '@jest/globals';
import { end, Kept, tell } from './kept.js';

/** @import { World } from './world.js' */
/** @import { WorldOptions } from './things.d.ts' */
/** @typedef {(given: { world: World }) => unknown} Body what a test does, with a world of its own */

/** @type {Kept | undefined} */
let unfinished;

// Jest says to nobody that a test ran out of time; its body is still waiting then.
afterEach(async () => {
  const kept = unfinished;
  unfinished = undefined;
  if (kept) {
    console.error(await kept.story());
    await kept.end();
  }
});
afterAll(end);

/**
 * Return Jest's `test` for bodies that take a world: `test('greets', async ({ world }) => ...)`.
 *
 * The world ends with the test. If the test fails, its failure shows the journal; a fault that was planned and never
 * happened fails it.
 * @param {WorldOptions} [options]
 */
export function worldTest(options) {
  /**
   * @param {(name: string, work: () => Promise<void>, timeout?: number) => void} declare
   * @returns {(name: string, body: Body, timeout?: number) => void} `timeout` in milliseconds
   */
  const taking = (declare) => (name, body, timeout) => declare(name, () => inWorld(body, options), timeout);
  return Object.assign(taking(base), {
    only: taking(base.only),
    skip: taking(base.skip),
    failing: taking(base.failing),
  });
}

/**
 * @param {Body} body
 * @param {WorldOptions | undefined} options
 */
async function inWorld(body, options) {
  const kept = await Kept.open(options);
  unfinished = kept;
  try {
    try {
      await body({ world: kept.world });
    } catch (error) {
      const told = await kept.story();
      if (!tell(error, told)) console.error(told);
      throw error;
    }
    await kept.check();
  } finally {
    if (unfinished === kept) unfinished = undefined;
    await kept.end();
  }
}

/** `worldTest` with a world of the demo seed. */
export const test = worldTest();
export const it = test;
