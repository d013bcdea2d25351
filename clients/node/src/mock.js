import { Server } from './server.js';
import { World } from './world.js';

/** @import { ConnectOptions, StartOptions } from './things.d.ts' */

/** The default world of a mock; `stop`, or the end of an `await using`, ends the server too if `start` made it. */
export class Mock extends World {
  #server;

  /**
   * @param {string} url
   * @param {ConnectOptions} options
   * @param {Server} [server]
   */
  constructor(url, options, server) {
    super(url, options);
    this.#server = server;
  }

  /** Close the connections, and end the server if `start` made it. */
  async stop() {
    this.close();
    await this.#server?.stop();
  }

  /** @override */
  async [Symbol.asyncDispose]() {
    await this.stop();
  }
}

/**
 * Start a mock, or speak to the one at `url` or MOCKSPACES_URL, and return its default world.
 *
 * One that was started ends with this process, whatever happens.
 * @param {StartOptions} [options]
 * @returns {Promise<Mock>}
 * @throws {Error} if it does not start, with its last words; `ControlError` if no mock answers at the URL
 */
export async function start({ url, python, seed, settings = {}, randomSeed, args = [], ...connect } = {}) {
  const { MOCKSPACES_URL, MOCKSPACES_PYTHON, MOCKSPACES_CONTROL_TOKEN } = process.env;
  const there = url ?? MOCKSPACES_URL;
  const token = connect.controlToken ?? (there ? MOCKSPACES_CONTROL_TOKEN : undefined);
  const options = token ? { ...connect, controlToken: token } : connect;
  if (there) {
    const mock = new Mock(there, options);
    await mock.call('GET', '/health');
    return mock;
  }
  const words = [
    ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${JSON.stringify(value)}`]),
    ...(seed === undefined ? [] : ['--seed', seed]),
    ...(randomSeed === undefined ? [] : ['--random-seed', randomSeed]),
    ...(token === undefined ? [] : ['--control-token', token]),
    ...args,
  ];
  const server = await Server.start(python ?? MOCKSPACES_PYTHON ?? 'python3', words);
  return new Mock(server.url, options, server);
}
