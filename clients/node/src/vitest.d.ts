/**
 * Vitest's `test` with a fixture `world`: a world for the test, which ends with it; `worldOptions` says how it begins.
 *
 * If the test fails, its report shows the journal; a fault that was planned and never happened fails it.
 * @type {TestAPI<{ world: World, worldOptions: WorldOptions }>}
 */
export const test: TestAPI<{
    world: World;
    worldOptions: WorldOptions;
}>;
export const it: TestAPI<{
    world: World;
    worldOptions: WorldOptions;
}>;
import type { World } from './world.js';
import type { WorldOptions } from './things.d.ts';
import type { TestAPI } from 'vitest';
