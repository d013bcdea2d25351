/** @import { Person, Ref } from './things.d.ts' */
/**
 * Return an answer with its members in camel case.
 * @param {object} thing
 * @returns {any} what the caller says it is: answers are not checked
 */
export function camel(thing: object): any;
/**
 * Return options as the control API names them; what is undefined is left out.
 * @param {object} options
 * @returns {Record<string, unknown>}
 */
export function snake(options: object): Record<string, unknown>;
/**
 * @param {object} given
 * @returns {string} with a question mark, or nothing
 */
export function query(given: object): string;
/**
 * @template {Person | undefined} Who
 * @param {Who} who
 * @returns {string | Extract<Who, undefined>}
 */
export function username<Who extends Person | undefined>(who: Who): string | Extract<Who, undefined>;
/**
 * @template {Ref | undefined} What
 * @param {What} what
 * @returns {string | Extract<What, undefined>}
 */
export function id<What extends Ref | undefined>(what: What): string | Extract<What, undefined>;
/**
 * @param {boolean | readonly Ref[] | undefined} wanted
 * @returns {boolean | string[] | undefined}
 */
export function ids(wanted: boolean | readonly Ref[] | undefined): boolean | string[] | undefined;
import type { Person } from './things.d.ts';
import type { Ref } from './things.d.ts';
