/** One node as a real process: `kvorum serve` on its own data directory, killed without warning and started again. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const LOG_TAIL_LINES = 6;

export class NodeProcess {
  #options;
  #child;
  #exited = Promise.resolve();
  #port;

  /** `args`: flags of `serve`. `onEnded(text)`: the process ended and nobody had asked it to. */
  constructor(options) {
    this.#options = options;
  }

  get id() {
    return this.#options.id;
  }

  get isRunning() {
    return this.#child !== undefined;
  }

  /** The client port; undefined while the node does not listen. */
  get port() {
    return this.#port;
  }

  /** Starts the process; resolves when it listens or has ended again, with true in the first case. */
  start() {
    const { args, env, logPath } = this.#options;
    const log = openSync(logPath, 'a');
    // The channel ends the node when this process is gone, however it ended.
    const child = spawn(process.execPath, [SCRIPT, 'serve', ...args, '--supervised'], {
      env,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    child.once('exit', (code, signal) => this.#ended(child, code, signal));
    return Promise.race([this.#listening(child), this.#exited.then(() => false)]);
  }

  /** SIGKILL at once; resolves when the process is gone. */
  kill() {
    const child = this.#child;
    this.#child = undefined;
    this.#port = undefined;
    child?.kill('SIGKILL');
    return this.#exited;
  }

  #listening(child) {
    return new Promise((resolve) => {
      child.on('message', (message) => {
        if (message.type !== 'ready' || this.#child !== child) return;
        this.#port = Number(message.clientAddress.split(':').at(-1));
        resolve(true);
      });
    });
  }

  #ended(child, code, signal) {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#port = undefined;
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    this.#options.onEnded(`node ${this.id} ended by itself with ${how}:\n${this.#logTail()}`);
  }

  #logTail() {
    const lines = readFileSync(this.#options.logPath, 'utf8').trimEnd().split('\n');
    return lines
      .slice(-LOG_TAIL_LINES)
      .map((line) => `      ${line}`)
      .join('\n');
  }
}
