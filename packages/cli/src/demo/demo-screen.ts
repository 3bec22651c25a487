/** What a demo prints. Plain lines only, so that it reads the same in a terminal, a pipe and a file. */
import type { Writable } from 'node:stream';
import { formatTable, printJson, printLine } from '../output.js';
import { type DemoEvent, describeEvent } from './events.js';
import type { ShownNode } from './supervisor.js';

export interface ScreenOptions {
  readonly isJson: boolean;
  readonly commandName: string;
  readonly dir: string;
}

export class DemoScreen {
  readonly #stream: Writable;
  readonly #options: ScreenOptions;

  constructor(stream: Writable, options: ScreenOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** Before the nodes start. */
  starting(nodeCount: number): void {
    if (this.#options.isJson) return;
    printLine(
      this.#stream,
      `Starting ${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'}, data in ${this.#options.dir}`,
    );
  }

  /** Once the nodes run. */
  ready(nodes: readonly ShownNode[]): void {
    const { isJson, commandName, dir } = this.#options;
    if (isJson) {
      printJson(this.#stream, { time: new Date().toISOString(), event: 'ready', nodes });
      return;
    }
    const rows = nodes.map(({ id, role, url, pid }) => [String(id), role, url, pid === undefined ? '-' : String(pid)]);
    const demo = dir === '.kvorum/demo' ? `${commandName} demo` : `${commandName} demo --dir ${dir}`;
    const first = nodes[0]?.url ?? '';
    const last = nodes.at(-1)?.url ?? '';
    const at = nodes.map(({ url }) => `-e ${url.replace('http://', '')}`);
    const lines = [
      '',
      ...formatTable(['NODE', 'ROLE', 'URL', 'PID'], rows).map((line) => `  ${line}`),
      '',
      'Try:',
      `  curl ${first}/Set/hello/world`,
      `  curl ${last}/Get/hello`,
      `  curl ${first}/isLeader`,
      `  curl ${last}/Delete/hello`,
      '',
      'From another terminal, in this folder:',
      `  ${commandName} put hello world ${at[0] ?? ''}`,
      `  ${commandName} get hello ${at.at(-1) ?? ''}`,
      `  ${commandName} watch ${at[0] ?? ''}     then put something; Ctrl-C ends it`,
      `  ${demo} kill leader     then watch the others elect a new one`,
      `  ${demo} start 1         or stop, kill; with the number of a node`,
      `  ${commandName} status ${at.join(' ')}`,
      '',
      'Ctrl-C stops all nodes; the data stays.',
      '',
    ];
    for (const line of lines) printLine(this.#stream, line);
  }

  /** Something happened. */
  event(event: DemoEvent): void {
    if (this.#options.isJson) printJson(this.#stream, { time: new Date().toISOString(), ...event });
    else this.#stamped(describeEvent(event));
  }

  /** A word about the demo itself. */
  note(text: string): void {
    if (!this.#options.isJson) this.#stamped(text);
  }

  #stamped(text: string): void {
    printLine(this.#stream, `${new Date().toTimeString().slice(0, 8)}  ${text}`);
  }
}
