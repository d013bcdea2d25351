/** @import { Control } from './control.js' */
/** @import { Duration } from './things.d.ts' */
/** The world's clock: expiries, timestamps and rules about data follow it; sockets, delays and waiting do not. */
export class Clock {
    /** @param {Control} control */
    constructor(control: Control);
    /**
     * The world's time.
     * @returns {Promise<Date>}
     */
    now(): Promise<Date>;
    /**
     * Move the time forward, or back with negative values.
     * @param {number | Duration} duration seconds, or `{ hours: 1 }`
     */
    advance(duration: number | Duration): Promise<void>;
    /**
     * Stop the time, now or at a moment.
     * @param {string | Date} [at] a string is ISO 8601, and UTC without a zone
     */
    freeze(at?: string | Date): Promise<void>;
    /** Go with the machine's time again. */
    resume(): Promise<void>;
    /**
     * Be so far ahead while a function runs, and return what it returns.
     * @template Result
     * @param {number | Duration} duration seconds, or `{ hours: 1 }`
     * @param {() => Result | Promise<Result>} work
     * @returns {Promise<Result>}
     */
    ahead<Result>(duration: number | Duration, work: () => Result | Promise<Result>): Promise<Result>;
    #private;
}
import type { Duration } from './things.d.ts';
import type { Control } from './control.js';
