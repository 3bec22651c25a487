/** A terminal for tests: what was printed as text, and signals on demand. */
import { PassThrough, Readable } from 'node:stream';
import { createDeferred } from '../deferred.js';
import type { Terminal } from '../terminal.js';

export interface TestTerminal {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
  /** Delivers a signal to whoever listens. */
  readonly signal: (name: string) => void;
  /** Resolves once somebody listens for signals. */
  readonly listening: () => Promise<void>;
  /** Delivers a message of the parent process; undefined: the parent is gone. */
  readonly parent: (message: unknown) => void;
  /** What was sent to the parent. */
  readonly sent: unknown[];
  /** Resolves once stdout holds the text. */
  readonly printed: (text: string) => Promise<void>;
}

export interface TestTerminalOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string | Buffer;
  readonly isTty?: boolean;
}

export function createTestTerminal(options: TestTerminalOptions = {}): TestTerminal {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const chunks = { out: '', err: '' };
  const waiters: { text: string; resolve: () => void }[] = [];
  stdout.on('data', (chunk: Buffer) => {
    chunks.out += chunk.toString('latin1');
    for (const { text, resolve } of waiters) if (chunks.out.includes(text)) resolve();
  });
  stderr.on('data', (chunk: Buffer) => {
    chunks.err += chunk.toString('utf8');
  });
  const signals = new Set<(signal: string) => void>();
  const isListening = createDeferred<void>();
  const parents = new Set<(message: unknown) => void>();
  const sent: unknown[] = [];
  const listen = <T>(set: Set<T>, run: T): (() => void) => {
    set.add(run);
    return () => set.delete(run);
  };
  const terminal: Terminal = {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout,
    stderr,
    isTty: options.isTty === true,
    isErrorTty: false,
    env: options.env ?? {},
    commandName: 'kvorum',
    control: {
      onSignal: (run) => {
        isListening.resolve();
        return listen(signals, run);
      },
      onParent: (run) => listen(parents, run),
      sendParent: (message) => sent.push(message),
    },
  };
  const printed = (text: string): Promise<void> =>
    chunks.out.includes(text) ? Promise.resolve() : new Promise((resolve) => waiters.push({ text, resolve }));
  return {
    terminal,
    out: () => Buffer.from(chunks.out, 'latin1').toString('utf8'),
    err: () => chunks.err,
    signal: (name) => signals.forEach((run) => run(name)),
    listening: () => isListening.promise,
    parent: (message) => parents.forEach((run) => run(message)),
    sent,
    printed,
  };
}
