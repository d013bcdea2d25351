import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READY = 'ready ';
const START_LIMIT_MS = 30_000;
const WORDS_KEPT = 2000;
// Ends the server when the process is gone that started it, whatever ended that: its standard input is at an end then.
const WITH_ITS_PARENT = `
import os, signal, threading
def watch():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
from mockspaces.cli import main
main(prog_name="mockspaces")
`;

/** A mock in a process of its own, for as long as this process needs it. */
export class Server {
  #process;
  #gone;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} url
   */
  constructor(child, url) {
    this.#process = child;
    this.#gone = new Promise((resolve) => child.once('exit', resolve));
    this.url = url;
  }

  /**
   * Start `mockspaces serve` on a free port and wait until it answers.
   *
   * It listens to these options alone: MOCKSPACES_* variables that configure another mock are not for it.
   * @param {string} python
   * @param {readonly string[]} options
   * @returns {Promise<Server>}
   * @throws {Error} with its last words if it does not start
   */
  static async start(python, options) {
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('MOCKSPACES_'));
    const child = spawn(python, ['-P', '-c', WITH_ITS_PARENT, 'serve', '--port', '0', ...options], {
      env: Object.fromEntries(environment),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the tests; what they want to tell then is still to be asked for
    });
    let words = '';
    child.stderr.on('data', (part) => (words = (words + part).slice(-WORDS_KEPT)));
    const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    try {
      const url = await new Promise((resolve, reject) => {
        createInterface(child.stdout).on('line', (line) => line.startsWith(READY) && resolve(line.split(' ')[1]));
        child.once('error', reject);
        child.once('close', () => reject(new Error(words.trim() || 'it ended at once')));
      });
      // A server that nobody waits for does not keep this process alive.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) /** @type {import('node:net').Socket} */ (pipe).unref();
      child.unref();
      return new Server(child, url);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${python} -m mockspaces serve did not start: ${why}`);
    } finally {
      clearTimeout(limit);
    }
  }

  /** End it. */
  async stop() {
    this.#process.ref();
    this.#process.kill();
    await this.#gone;
  }
}
