/** @import { Person, Ref } from './things.d.ts' */

/**
 * Return an answer with its members in camel case.
 * @param {object} thing
 * @returns {any} what the caller says it is: answers are not checked
 */
export function camel(thing) {
  const named = Object.entries(thing).map(([name, value]) => [
    name.replace(/^_/, '').replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(named);
}

/**
 * Return options as the control API names them; what is undefined is left out.
 * @param {object} options
 * @returns {Record<string, unknown>}
 */
export function snake(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value instanceof Date ? value.toISOString() : value,
    ]),
  );
}

/**
 * @param {object} given
 * @returns {string} with a question mark, or nothing
 */
export function query(given) {
  const words = Object.entries(snake(given)).map(([name, value]) => [name, String(value)]);
  return words.length ? `?${new URLSearchParams(words)}` : '';
}

/**
 * @template {Person | undefined} Who
 * @param {Who} who
 * @returns {string | Extract<Who, undefined>}
 */
export function username(who) {
  return /** @type {string | Extract<Who, undefined>} */ (typeof who === 'object' ? who.username : who);
}

/**
 * @template {Ref | undefined} What
 * @param {What} what
 * @returns {string | Extract<What, undefined>}
 */
export function id(what) {
  return /** @type {string | Extract<What, undefined>} */ (typeof what === 'object' ? what.id : what);
}

/**
 * @param {boolean | readonly Ref[] | undefined} wanted
 * @returns {boolean | string[] | undefined}
 */
export function ids(wanted) {
  return typeof wanted === 'object' ? wanted.map((one) => id(one)) : wanted;
}
