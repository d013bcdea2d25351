import { setTimeout as sleep } from 'node:timers/promises';

// Held here, so that fake timers of a test do not stop a deadline.
const nanoseconds = process.hrtime.bigint;
const POLL_MS = 10;

/** Nothing came in time; the message tells what came near. */
export class TimeoutError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'TimeoutError';
  }
}

/**
 * Return what a query finds as soon as it finds something: `eventually(() => world.chats({ text: 'hello' }))`.
 *
 * An empty array is nothing, as are null, undefined, false, 0 and ''.
 * @template Found
 * @param {() => Found | Promise<Found>} query
 * @param {{ timeout?: number }} [options] `timeout` in seconds, 5 by default
 * @returns {Promise<NonNullable<Found>>}
 * @throws {TimeoutError} if it finds nothing in time
 */
export async function eventually(query, { timeout = 5 } = {}) {
  const end = nanoseconds() + BigInt(Math.round(timeout * 1e9));
  for (;;) {
    const found = await query();
    if (Array.isArray(found) ? found.length : found) return /** @type {NonNullable<Found>} */ (found);
    if (nanoseconds() > end) throw new TimeoutError(`nothing was found within ${timeout} s`);
    await sleep(POLL_MS);
  }
}
