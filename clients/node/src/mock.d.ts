/**
 * Start a mock, or speak to the one at `url` or MOCKSPACES_URL, and return its default world.
 *
 * One that was started ends with this process, whatever happens.
 * @param {StartOptions} [options]
 * @returns {Promise<Mock>}
 * @throws {Error} if it does not start, with its last words; `ControlError` if no mock answers at the URL
 */
export function start({ url, python, seed, settings, randomSeed, args, ...connect }?: StartOptions): Promise<Mock>;
/** @import { ConnectOptions, StartOptions } from './things.d.ts' */
/** The default world of a mock; `stop`, or the end of an `await using`, ends the server too if `start` made it. */
export class Mock extends World {
    /**
     * @param {string} url
     * @param {ConnectOptions} options
     * @param {Server} [server]
     */
    constructor(url: string, options: ConnectOptions, server?: Server);
    /** Close the connections, and end the server if `start` made it. */
    stop(): Promise<void>;
    #private;
}
import type { StartOptions } from './things.d.ts';
import { World } from './world.js';
import type { ConnectOptions } from './things.d.ts';
import { Server } from './server.js';
