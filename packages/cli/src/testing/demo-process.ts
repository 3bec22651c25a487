/** A `kvorum demo` as its own process, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../main.js', import.meta.url));
const waitMs = 30_000;

export interface DemoProcess {
  readonly pid: number;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves once stdout, after what an earlier call matched, matches. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | string>;
}

/** Starts it in a process group of its own, as a terminal would. What is left of the group goes with the test. */
export function startDemo(context: TestContext, args: readonly string[]): DemoProcess {
  const child = spawn(process.execPath, [script, 'demo', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_command: undefined, KVORUM_HEARTBEAT_MS: 'not for the nodes of a demo' },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the demo was not started');
  context.after(() => signalGroup(pid, 'SIGKILL'));
  const err = collect(child, 'stderr');
  const out = collect(child, 'stdout');
  let seen = 0;
  return {
    pid,
    out: () => out.text,
    err: () => err.text,
    printed: async (pattern) => {
      const match = await eventually(`${pattern} in ${JSON.stringify(out.text.slice(seen))} ${err.text}`, () =>
        pattern.exec(out.text.slice(seen)),
      );
      seen += match.index + match[0].length;
      return match;
    },
    ended: once(child, 'close').then(([code, signal]: unknown[]) => (typeof code === 'number' ? code : String(signal))),
  };
}

/** Signals every process of the group, as Ctrl-C in a terminal does. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left.
  }
}

/** True while the process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Looks again and again until `find` finds something. */
export async function eventually<T>(what: string, find: () => T | undefined | null | false): Promise<T> {
  for (let waited = 0; waited < waitMs; waited += 20) {
    const found = find();
    if (found !== undefined && found !== null && found !== false) return found;
    await sleep(20);
  }
  throw new Error(`waited ${waitMs} ms for ${what}`);
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): { text: string } {
  const collected = { text: '' };
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    collected.text += chunk;
  });
  return collected;
}
