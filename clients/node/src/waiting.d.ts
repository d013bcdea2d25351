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
export function eventually<Found>(query: () => Found | Promise<Found>, { timeout }?: {
    timeout?: number;
}): Promise<NonNullable<Found>>;
/** Nothing came in time; the message tells what came near. */
export class TimeoutError extends Error {
    /** @param {string} message */
    constructor(message: string);
}
