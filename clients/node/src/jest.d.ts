/**
 * Return Jest's `test` for bodies that take a world: `test('greets', async ({ world }) => ...)`.
 *
 * The world ends with the test. If the test fails, its failure shows the journal; a fault that was planned and never
 * happened fails it.
 * @param {WorldOptions} [options]
 */
export function worldTest(options?: WorldOptions): ((name: string, body: Body, timeout?: number) => void) & {
    only: (name: string, body: Body, timeout?: number) => void;
    skip: (name: string, body: Body, timeout?: number) => void;
    failing: (name: string, body: Body, timeout?: number) => void;
};
/** `worldTest` with a world of the demo seed. */
export const test: ((name: string, body: Body, timeout?: number) => void) & {
    only: (name: string, body: Body, timeout?: number) => void;
    skip: (name: string, body: Body, timeout?: number) => void;
    failing: (name: string, body: Body, timeout?: number) => void;
};
export const it: ((name: string, body: Body, timeout?: number) => void) & {
    only: (name: string, body: Body, timeout?: number) => void;
    skip: (name: string, body: Body, timeout?: number) => void;
    failing: (name: string, body: Body, timeout?: number) => void;
};
/**
 * what a test does, with a world of its own
 */
export type Body = (given: {
    world: World;
}) => unknown;
import type { WorldOptions } from './things.d.ts';
import type { World } from './world.js';
