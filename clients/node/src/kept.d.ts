/** Return the mock that the tests of this process share; it is started, or found, when the first of them needs it. */
export function shared(): Promise<Mock>;
/** End the mock that the tests of this process shared, if they did. */
export function end(): Promise<void>;
/**
 * Add what the worlds tell to the message of what a test failed with.
 * @param {unknown} failure
 * @param {string} told
 */
export function tell(failure: unknown, told: string): boolean;
/** The world of a test, and those that it opens through it. */
export class Kept {
    /**
     * @param {WorldOptions} [options]
     * @returns {Promise<Kept>}
     */
    static open(options?: WorldOptions): Promise<Kept>;
    /** @param {World} world */
    constructor(world: World);
    world: World;
    /** @returns {World[]} */
    get worlds(): World[];
    /**
     * Return the journals of the worlds, for the report of a failing test; it fails at nothing.
     * @returns {Promise<string>}
     */
    story(): Promise<string>;
    /**
     * Fail a test that passed although something that it planned never happened.
     * @throws {Error}
     */
    check(): Promise<void>;
    /** Drop the worlds; one that is gone, or whose server is, needs nothing more. */
    end(): Promise<void>;
}
import type { Mock } from './mock.js';
import type { World } from './world.js';
import type { WorldOptions } from './things.d.ts';
