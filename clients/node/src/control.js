import http from 'node:http';
import https from 'node:https';

/** @import { ConnectOptions } from './things.d.ts' */

// Held here, where nothing finds them that replaces a module's members or global functions in a test.
const senders = { 'http:': http.request, 'https:': https.request };
const TIMEOUT_S = 70; // longer than the longest wait that the control API grants

/** The control API refused a call; the message tells why. */
export class ControlError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} why
   */
  constructor(status, code, why) {
    super(`${status} ${code}: ${why}`);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
    this.why = why;
  }
}

/** Speaks to the control API of the world at a URL. */
export class Control {
  #options;
  #agent;

  /**
   * Nothing is sent yet.
   * @param {string} url an http or https URL, without `/_mock`
   * @param {ConnectOptions} options
   */
  constructor(url, options = {}) {
    const { protocol, origin, pathname } = new URL(url);
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`expected an http or https URL, not ${url}`);
    /** Where the world answers. */
    this.url = url.replace(/\/+$/, '');
    /** @protected */
    this.origin = origin;
    /** @protected */
    this.path = pathname.replace(/\/+$/, '');
    this.#options = options;
    // Connections that nobody uses do not keep a process alive.
    this.#agent = protocol === 'http:' ? new http.Agent({ keepAlive: true }) : new https.Agent({ keepAlive: true });
  }

  /**
   * How this client connects, for another one.
   * @protected
   */
  get options() {
    return this.#options;
  }

  /**
   * Make a control call below `/_mock` and return its JSON.
   * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
   * @param {string} path as in `/users`
   * @param {unknown} [body]
   * @returns {Promise<any>}
   * @throws {ControlError} if it is refused, or if no mock answers at the URL
   */
  async call(method, path, body) {
    const content = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body ?? {});
    const { status, text } = await this.#send(method, `${this.path}/_mock${path}`, content);
    let answer;
    try {
      answer = JSON.parse(text);
    } catch {
      throw new ControlError(status, '', `${this.url} is no mock, it answered ${JSON.stringify(text.slice(0, 200))}`);
    }
    if (status !== 200) throw new ControlError(status, answer.code ?? '', answer.why ?? answer.message ?? text);
    return answer;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | undefined} content
   * @param {boolean} again whether this is the second try
   * @returns {Promise<{ status: number, text: string }>}
   */
  #send(method, path, content, again = false) {
    const { controlToken, ca, timeout = TIMEOUT_S } = this.#options;
    const headers = {
      ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
      ...(controlToken === undefined ? {} : { 'x-mock-token': controlToken }),
    };
    const target = new URL(path, this.origin);
    const send = senders[/** @type {keyof typeof senders} */ (target.protocol)];
    return new Promise((resolve, reject) => {
      const sent = send(target, { method, headers, agent: this.#agent, timeout: timeout * 1000, ...(ca === undefined ? {} : { ca }) });
      sent.on('timeout', () => sent.destroy(new Error(`${this.url} did not answer within ${timeout} s`)));
      sent.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
        // The server ended a connection that had been idle, before it saw this request: once more on a new one.
        if (sent.reusedSocket && error.code === 'ECONNRESET' && !again) resolve(this.#send(method, path, content, true));
        else reject(error);
      });
      sent.on('response', (answer) => {
        /** @type {Buffer[]} */
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      });
      sent.end(content);
    });
  }

  /** Close the connections; the world stays. */
  close() {
    this.#agent.destroy();
  }
}
