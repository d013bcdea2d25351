/** A mock in a process of its own, for as long as this process needs it. */
export class Server {
    /**
     * Start `mockspaces serve` on a free port and wait until it answers.
     *
     * It listens to these options alone: MOCKSPACES_* variables that configure another mock are not for it.
     * @param {string} python
     * @param {readonly string[]} options
     * @returns {Promise<Server>}
     * @throws {Error} with its last words if it does not start
     */
    static start(python: string, options: readonly string[]): Promise<Server>;
    /**
     * @param {import('node:child_process').ChildProcess} child
     * @param {string} url
     */
    constructor(child: import("node:child_process").ChildProcess, url: string);
    url: string;
    /** End it. */
    stop(): Promise<void>;
    #private;
}
