/** One node of the demo as a child process: it tells when it serves, ends when it is told to, and never outlives its supervisor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFromNode, type ToNode } from '../node/supervised.js';
import type { NodePlan } from './plan.js';

/** How a node's process ended. */
export interface NodeEnd {
  readonly how: 'stopped' | 'killed' | 'ended';
  readonly exitCode: number | undefined;
  /** Why, as the node told it, else where to look. */
  readonly message: string;
}

export interface NodeProcessOptions {
  readonly plan: NodePlan;
  /** The script that runs `kvorum`. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A node that did not drain after this long is killed. */
  readonly stopTimeoutMs: number;
}

export class NodeProcess {
  readonly plan: NodePlan;
  /** Resolves with true once the node serves, with false when it ended before that. */
  readonly ready: Promise<boolean>;
  /** Resolves when the process is gone; never rejects. */
  readonly ended: Promise<NodeEnd>;
  readonly #child: ChildProcess;
  readonly #stopTimeoutMs: number;
  #asked: 'stop' | 'kill' | undefined;
  #failure: { readonly exitCode: number; readonly message: string } | undefined;

  constructor({ plan, script, env, stopTimeoutMs }: NodeProcessOptions) {
    this.plan = plan;
    this.#stopTimeoutMs = stopTimeoutMs;
    const log = openSync(plan.logPath, 'a');
    try {
      this.#child = spawn(process.execPath, [script, ...plan.args], {
        stdio: ['ignore', log, log, 'ipc'],
        env: withoutSettings(env),
        windowsHide: true,
      });
    } finally {
      closeSync(log);
    }
    this.ended = this.#whenEnded();
    this.ready = Promise.race([this.#whenReady(), this.ended.then(() => false)]);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Drains the node; resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#asked ??= 'stop';
    const message: ToNode = { type: 'stop' };
    // Through the channel rather than by signal: Windows has no SIGTERM. A node whose channel is gone is on its way out.
    if (this.#child.connected) this.#child.send(message, () => undefined);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#stopTimeoutMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the process without warning, as a crash would. */
  async kill(): Promise<void> {
    this.#asked = 'kill';
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #whenReady(): Promise<true> {
    return new Promise((resolve) => {
      this.#child.on('message', (message) => {
        const told = readFromNode(message);
        if (told?.type === 'ready') resolve(true);
        if (told?.type === 'failed') this.#failure = told;
      });
    });
  }

  #whenEnded(): Promise<NodeEnd> {
    return new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({ how: 'ended', exitCode: undefined, message: error.message }));
      this.#child.on('exit', (code, signal) => resolve(this.#describeEnd(code, signal)));
    });
  }

  #describeEnd(code: number | null, signal: string | null): NodeEnd {
    const exitCode = code ?? undefined;
    if (this.#asked === 'stop') return { how: 'stopped', exitCode, message: '' };
    if (this.#asked === 'kill' || signal === 'SIGKILL') return { how: 'killed', exitCode, message: '' };
    const cause = signal === null ? '' : `by signal ${signal}; `;
    return { how: 'ended', exitCode, message: this.#failure?.message ?? `${cause}see ${this.plan.logPath}` };
  }
}

/** The demo's nodes take their settings from the demo, not from the person's environment. */
function withoutSettings(env: NodeProcessOptions['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('KVORUM_')));
}
