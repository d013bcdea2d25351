import { TimeoutError } from './waiting.js';
import { camel, query, snake } from './words.js';

/** @import { Control } from './control.js' */
/** @import { components } from './api.d.ts' */
/** @import { Filters, JournalEntry } from './things.d.ts' */

const NEAR_SHOWN = 3; // values that a near miss names
const NEAR_ENTRIES = 1000; // newest entries that are looked at for near misses

/** The journal could not keep everything, so what it was asked cannot be told from it. */
export class IncompleteError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'IncompleteError';
  }
}

/**
 * What the world was asked, what it answered, and why it refused.
 *
 * A word in a filter that no entry can have is refused with the nearest one.
 */
export class Journal {
  #control;

  /** @param {Control} control */
  constructor(control) {
    this.#control = control;
  }

  /**
   * Return the entries that fit, oldest first; with a `limit` the newest of them.
   * @param {Filters & { limit?: number }} [filters]
   * @returns {Promise<JournalEntry[]>}
   */
  async find(filters = {}) {
    return (await this.#ask(filters)).entries.map(entry);
  }

  /**
   * Return how many entries fit.
   * @param {Filters} [filters]
   * @returns {Promise<number>}
   * @throws {IncompleteError} if older ones were dropped
   */
  async count(filters = {}) {
    return (await this.complete(filters)).length;
  }

  /**
   * Return all entries that fit, oldest first.
   * @param {Filters} [filters]
   * @returns {Promise<JournalEntry[]>}
   * @throws {IncompleteError} if older ones were dropped
   */
  async complete(filters = {}) {
    const { dropped, entries } = await this.#ask(filters);
    if (dropped) throw new IncompleteError(`the journal has dropped ${dropped} older entries; clear it in between`);
    return entries.map(entry);
  }

  /**
   * Return the newest entry that fits.
   * @param {Filters} [filters]
   * @returns {Promise<JournalEntry>}
   * @throws {Error} if there is none; it tells what came near
   */
  async last(filters = {}) {
    const [found] = await this.find({ ...filters, limit: 1 });
    if (!found) throw new Error(`no journal entry with ${described(filters)}${await this.nearly(filters)}`);
    return found;
  }

  /**
   * Return the entries that fit as soon as there are `count`.
   * @param {Filters & { count?: number, timeout?: number }} [options] `timeout` in seconds, 5 by default
   * @returns {Promise<JournalEntry[]>}
   * @throws {TimeoutError} if they do not come in time
   */
  async wait({ count = 1, timeout = 5, ...filters } = {}) {
    /** @type {components['schemas']['AwaitedJournal']} */
    const answer = await this.#control.call('POST', '/journal/wait', { filter: snake(filters), count, timeout });
    if (answer.complete) return answer.entries.map(entry);
    const near = await this.nearly(filters);
    throw new TimeoutError(
      `${answer.entries.length} of ${count} entries came within ${timeout} s: ${described(filters)}${near}`,
    );
  }

  /**
   * Return the entries that fit as HTTP Archive 1.2, socket frames included.
   * @param {Filters & { limit?: number }} [filters]
   * @returns {Promise<object>}
   */
  async har(filters = {}) {
    return this.#control.call('GET', `/journal${query({ ...filters, format: 'har' })}`);
  }

  /** Forget all entries. */
  async clear() {
    await this.#control.call('DELETE', '/journal');
  }

  /**
   * Return in words which entries fit all filters but one, or what was asked at all; '' if nothing was.
   * @param {Filters} filters
   * @returns {Promise<string>}
   */
  async nearly(filters) {
    const given = Object.entries(filters).filter(([, value]) => value !== undefined);
    const lines = [];
    for (const [name, value] of given) {
      const others = Object.fromEntries(given.filter(([other]) => other !== name));
      if (given.length === 1 || ['after', 'trace', 'since'].includes(name)) continue;
      const found = await this.find({ ...others, limit: NEAR_ENTRIES });
      if (found.length) lines.push(`${many(found.length, 'fits', 'fit')} but for ${name}=${value}: ${counted(found, name)}`);
    }
    if (!lines.length) {
      const asked = await this.find({ limit: NEAR_ENTRIES });
      if (asked.length) lines.push(`${many(asked.length, 'came', 'came')} at all: ${counted(asked, 'route')}`);
    }
    return lines.map((one) => `\n  near: ${one}`).join('');
  }

  /**
   * @param {Filters & { limit?: number }} filters
   * @returns {Promise<components['schemas']['Journal']>}
   */
  #ask(filters) {
    return this.#control.call('GET', `/journal${query(filters)}`);
  }
}

/**
 * @param {components['schemas']['JournalEntry']} item
 * @returns {JournalEntry}
 */
function entry(item) {
  const { request, response, credential, query: words, ...rest } = item;
  const headers = (/** @type {string[][]} */ lines) => new Headers(/** @type {[string, string][]} */ (lines));
  return {
    ...camel(rest),
    query: Object.fromEntries(words),
    credential: credential && camel(credential),
    request: request.text,
    response: response.text,
    requestHeaders: headers(request.headers),
    responseHeaders: headers(response.headers),
    truncated: request.truncated || response.truncated,
  };
}

/**
 * Return filters in words.
 * @param {Filters} filters
 * @returns {string}
 */
export function described(filters) {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name}=${value instanceof Date ? value.toISOString() : value}`).join(', ') || 'no filter';
}

/**
 * Return an entry on one line: outcome, what was asked, by whom, and why it was refused.
 * @param {JournalEntry} one
 * @returns {string}
 */
export function line(one) {
  const outcome = String(one.status || one.method.toLowerCase());
  return [outcome, what(one), one.caller, one.code, one.why].filter(Boolean).join('  ');
}

/** @param {JournalEntry} one */
function what(one) {
  return one.event ?? `${one.method} ${one.path}`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} more
 */
function many(count, one, more) {
  return count === 1 ? `1 entry ${one}` : `${count} entries ${more}`;
}

/**
 * Return the most frequent looks of some entries with how many have them.
 * @param {JournalEntry[]} found
 * @param {string} name
 */
function counted(found, name) {
  const outcome = ['status', 'code', 'refused'].includes(name);
  const place = ['route', 'endpoint', 'path'].includes(name);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of found) {
    const asked = /** @type {Record<string, unknown>} */ (one)[name];
    const look = place ? what(one) : outcome ? [one.status || '', one.code].filter(Boolean).join(' ') : String(asked);
    counts.set(look, (counts.get(look) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const shown = sorted.slice(0, NEAR_SHOWN).map(([look, times]) => `${look} (${times})`);
  return [...shown, ...(sorted.length > NEAR_SHOWN ? ['...'] : [])].join(', ');
}
