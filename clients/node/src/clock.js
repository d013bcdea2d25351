/** @import { Control } from './control.js' */
/** @import { Duration } from './things.d.ts' */

/** The world's clock: expiries, timestamps and rules about data follow it; sockets, delays and waiting do not. */
export class Clock {
  #control;

  /** @param {Control} control */
  constructor(control) {
    this.#control = control;
  }

  /**
   * The world's time.
   * @returns {Promise<Date>}
   */
  async now() {
    return new Date((await this.#control.call('GET', '/clock')).epoch * 1000);
  }

  /**
   * Move the time forward, or back with negative values.
   * @param {number | Duration} duration seconds, or `{ hours: 1 }`
   */
  async advance(duration) {
    await this.#control.call('POST', '/clock', { advance: seconds(duration) });
  }

  /**
   * Stop the time, now or at a moment.
   * @param {string | Date} [at] a string is ISO 8601, and UTC without a zone
   */
  async freeze(at) {
    await this.#control.call('POST', '/clock', { freeze: at instanceof Date ? at.toISOString() : (at ?? true) });
  }

  /** Go with the machine's time again. */
  async resume() {
    await this.#control.call('POST', '/clock', { resume: true });
  }

  /**
   * Be so far ahead while a function runs, and return what it returns.
   * @template Result
   * @param {number | Duration} duration seconds, or `{ hours: 1 }`
   * @param {() => Result | Promise<Result>} work
   * @returns {Promise<Result>}
   */
  async ahead(duration, work) {
    await this.advance(duration);
    try {
      return await work();
    } finally {
      await this.advance(-seconds(duration));
    }
  }
}

/**
 * @param {number | Duration} duration
 * @returns {number}
 */
function seconds(duration) {
  if (typeof duration === 'number') return duration;
  const { seconds = 0, minutes = 0, hours = 0, days = 0 } = duration;
  return seconds + 60 * minutes + 3600 * hours + 86400 * days;
}
