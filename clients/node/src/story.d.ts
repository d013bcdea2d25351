/**
 * Return what a failing test is told of its world: the newest entries of the journal, refusals before everything else,
 * and what was planned and has not happened.
 * @param {World} world
 * @returns {Promise<string>}
 */
export function story(world: World): Promise<string>;
import type { World } from './world.js';
