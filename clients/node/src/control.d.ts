/** The control API refused a call; the message tells why. */
export class ControlError extends Error {
    /**
     * @param {number} status
     * @param {string} code
     * @param {string} why
     */
    constructor(status: number, code: string, why: string);
    status: number;
    code: string;
    why: string;
}
/** Speaks to the control API of the world at a URL. */
export class Control {
    /**
     * Nothing is sent yet.
     * @param {string} url an http or https URL, without `/_mock`
     * @param {ConnectOptions} options
     */
    constructor(url: string, options?: ConnectOptions);
    /** Where the world answers. */
    url: string;
    /** @protected */
    protected origin: string;
    /** @protected */
    protected path: string;
    /**
     * How this client connects, for another one.
     * @protected
     */
    protected get options(): ConnectOptions;
    /**
     * Make a control call below `/_mock` and return its JSON.
     * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
     * @param {string} path as in `/users`
     * @param {unknown} [body]
     * @returns {Promise<any>}
     * @throws {ControlError} if it is refused, or if no mock answers at the URL
     */
    call(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<any>;
    /** Close the connections; the world stays. */
    close(): void;
    #private;
}
import type { ConnectOptions } from './things.d.ts';
