import { line } from './journal.js';

/** @import { World } from './world.js' */
/** @import { JournalEntry } from './things.d.ts' */

const SHOWN_ENTRIES = 20;
const SHOWN_BODY = 200; // characters
const MOST_ENTRIES = 500; // looked at, newest first: a journal may hold 16 MB

/**
 * Return what a failing test is told of its world: the newest entries of the journal, refusals before everything else,
 * and what was planned and has not happened.
 * @param {World} world
 * @returns {Promise<string>}
 */
export async function story(world) {
  const entries = (await world.journal.find({ limit: MOST_ENTRIES })).reverse();
  const sorted = [...entries.filter(({ refused }) => refused), ...entries.filter(({ refused }) => !refused)];
  const lines = sorted.slice(0, SHOWN_ENTRIES).flatMap(told);
  if (!lines.length) lines.push('nothing was asked');
  const left = entries.length - SHOWN_ENTRIES;
  if (left > 0) lines.push(`... and ${left} more${entries.length === MOST_ENTRIES ? ', at least' : ''}`);
  for (const one of await world.neverHappened()) lines.push(`planned, not happened: ${one}`);
  return lines.join('\n');
}

/**
 * @param {JournalEntry} entry
 * @returns {string[]}
 */
function told(entry) {
  const bodies = entry.refused ? [['>', entry.request], ['<', entry.response]] : [];
  return [line(entry), ...bodies.filter(([, body]) => body).map(([sign, body = '']) => `     ${sign} ${short(body)}`)];
}

/** @param {string} body */
function short(body) {
  const text = body.split(/\s+/).join(' ').trim();
  return text.length <= SHOWN_BODY ? text : `${text.slice(0, SHOWN_BODY)}... (${text.length} characters)`;
}
