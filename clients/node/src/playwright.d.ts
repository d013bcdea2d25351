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
export const test: TestType<PlaywrightTestArgs & PlaywrightTestOptions & {
    world: World;
    worldOptions: WorldOptions;
}, PlaywrightWorkerArgs & PlaywrightWorkerOptions>;
export { expect };
import type { PlaywrightTestArgs } from '@playwright/test';
import type { PlaywrightTestOptions } from '@playwright/test';
import type { World } from './world.js';
import type { WorldOptions } from './things.d.ts';
import type { PlaywrightWorkerArgs } from '@playwright/test';
import type { PlaywrightWorkerOptions } from '@playwright/test';
import type { TestType } from '@playwright/test';
import { expect } from '@playwright/test';
