/**
 * Return filters in words.
 * @param {Filters} filters
 * @returns {string}
 */
export function described(filters: Filters): string;
/**
 * Return an entry on one line: outcome, what was asked, by whom, and why it was refused.
 * @param {JournalEntry} one
 * @returns {string}
 */
export function line(one: JournalEntry): string;
/** The journal could not keep everything, so what it was asked cannot be told from it. */
export class IncompleteError extends Error {
    /** @param {string} message */
    constructor(message: string);
}
/**
 * What the world was asked, what it answered, and why it refused.
 *
 * A word in a filter that no entry can have is refused with the nearest one.
 */
export class Journal {
    /** @param {Control} control */
    constructor(control: Control);
    /**
     * Return the entries that fit, oldest first; with a `limit` the newest of them.
     * @param {Filters & { limit?: number }} [filters]
     * @returns {Promise<JournalEntry[]>}
     */
    find(filters?: Filters & {
        limit?: number;
    }): Promise<JournalEntry[]>;
    /**
     * Return how many entries fit.
     * @param {Filters} [filters]
     * @returns {Promise<number>}
     * @throws {IncompleteError} if older ones were dropped
     */
    count(filters?: Filters): Promise<number>;
    /**
     * Return all entries that fit, oldest first.
     * @param {Filters} [filters]
     * @returns {Promise<JournalEntry[]>}
     * @throws {IncompleteError} if older ones were dropped
     */
    complete(filters?: Filters): Promise<JournalEntry[]>;
    /**
     * Return the newest entry that fits.
     * @param {Filters} [filters]
     * @returns {Promise<JournalEntry>}
     * @throws {Error} if there is none; it tells what came near
     */
    last(filters?: Filters): Promise<JournalEntry>;
    /**
     * Return the entries that fit as soon as there are `count`.
     * @param {Filters & { count?: number, timeout?: number }} [options] `timeout` in seconds, 5 by default
     * @returns {Promise<JournalEntry[]>}
     * @throws {TimeoutError} if they do not come in time
     */
    wait({ count, timeout, ...filters }?: Filters & {
        count?: number;
        timeout?: number;
    }): Promise<JournalEntry[]>;
    /**
     * Return the entries that fit as HTTP Archive 1.2, socket frames included.
     * @param {Filters & { limit?: number }} [filters]
     * @returns {Promise<object>}
     */
    har(filters?: Filters & {
        limit?: number;
    }): Promise<object>;
    /** Forget all entries. */
    clear(): Promise<void>;
    /**
     * Return in words which entries fit all filters but one, or what was asked at all; '' if nothing was.
     * @param {Filters} filters
     * @returns {Promise<string>}
     */
    nearly(filters: Filters): Promise<string>;
    #private;
}
import type { Filters } from './things.d.ts';
import type { JournalEntry } from './things.d.ts';
import type { Control } from './control.js';
