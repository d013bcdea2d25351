import { start } from './mock.js';
import { story } from './story.js';

/** @import { Mock } from './mock.js' */
/** @import { World } from './world.js' */
/** @import { WorldOptions } from './things.d.ts' */

/** @type {Promise<Mock> | undefined} */
let mock;

/** Return the mock that the tests of this process share; it is started, or found, when the first of them needs it. */
export function shared() {
  return (mock ??= start());
}

/** End the mock that the tests of this process shared, if they did. */
export async function end() {
  const ending = mock;
  mock = undefined;
  await (await ending?.catch(() => undefined))?.stop();
}

/** The world of a test, and those that it opens through it. */
export class Kept {
  /** @param {World} world */
  constructor(world) {
    this.world = world;
  }

  /**
   * @param {WorldOptions} [options]
   * @returns {Promise<Kept>}
   */
  static async open(options) {
    return new Kept(await (await shared()).world(options));
  }

  /** @returns {World[]} */
  get worlds() {
    return [this.world, ...this.world.opened];
  }

  /**
   * Return the journals of the worlds, for the report of a failing test; it fails at nothing.
   * @returns {Promise<string>}
   */
  async story() {
    const told = this.worlds.map((one) => story(one).catch((error) => `not available: ${error}`));
    return `\nmockspaces journal\n${(await Promise.all(told)).join('\n\n')}`;
  }

  /**
   * Fail a test that passed although something that it planned never happened.
   * @throws {Error}
   */
  async check() {
    const missing = (await Promise.all(this.worlds.map((one) => one.neverHappened()))).flat();
    if (missing.length) throw new Error(`planned, but it never happened: ${missing.join('; ')}`);
  }

  /** Drop the worlds; one that is gone, or whose server is, needs nothing more. */
  async end() {
    for (const world of this.worlds) await world[Symbol.asyncDispose]().catch(() => undefined);
  }
}

/**
 * Add what the worlds tell to the message of what a test failed with.
 * @param {unknown} failure
 * @param {string} told
 */
export function tell(failure, told) {
  if (typeof failure !== 'object' || failure === null || !('message' in failure)) return false;
  const { message, stack } = /** @type {Error} */ (failure);
  try {
    /** @type {Error} */ (failure).message = `${message}\n${told}`;
    // The message is a part of the stack, which is what most reporters print.
    if (stack?.includes(message)) /** @type {Error} */ (failure).stack = stack.replace(message, () => `${message}\n${told}`);
  } catch {
    return false; // frozen, or without a setter
  }
  return true;
}
