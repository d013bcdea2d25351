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
export function worldFor(t: TestContext, options?: WorldOptions): Promise<World>;
import type { TestContext } from 'node:test';
import type { WorldOptions } from './things.d.ts';
import type { World } from './world.js';
