/** `npm run sim -- --mutations [NAME…]`: hunts bugs in child processes and prints a table. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Mutation, mutations } from '@kvorum/core/base/mutation.js';
import { hunt, type HuntOrder, type HuntResult } from './hunt.js';

/** A bug that takes more seeds counts as not caught. */
const SEEDS_MAX = 2000;

export interface HuntOptions {
  /** All when empty. */
  readonly names: readonly string[];
  readonly baseSeed: number;
  readonly seedsMax: number | undefined;
  readonly jobs: number;
}

/** Exit code 1 when a bug was not caught. */
export async function huntAll(options: HuntOptions): Promise<number> {
  const { baseSeed, seedsMax = SEEDS_MAX } = options;
  const orders = chosen(options.names).map((mutation): HuntOrder => ({ mutation, baseSeed, seedsMax }));
  console.log(row('bug', 'simulator', 'seeds', 'seconds', 'caught by'));
  const results: HuntResult[] = [];
  await inProcesses(orders, options.jobs, (result) => {
    results.push(result);
    print(result);
  });
  const missed = results.filter(({ found }) => found === undefined).length;
  console.log(`${results.length} bugs, ${results.length - missed} caught, ${missed} not caught`);
  return missed === 0 ? 0 : 1;
}

/** The life of a child process: an order comes, a result goes. */
export function serveHunts(): void {
  process.on('message', (order: HuntOrder) => {
    void hunt(order).then((result) => process.send?.(result));
  });
}

function chosen(names: readonly string[]): readonly Mutation[] {
  const unknown = names.find((name) => !mutations.some((mutation) => mutation === name));
  if (unknown !== undefined) throw new RangeError(`${unknown} is none of: ${mutations.join(' ')}`);
  return names.length === 0 ? mutations : mutations.filter((mutation) => names.includes(mutation));
}

function print({ mutation, seeds, seconds, found, merelyEnded }: HuntResult): void {
  const ended = merelyEnded === 0 ? '' : ` (in ${merelyEnded} seeds before, nodes only ended by themselves)`;
  const what =
    found === undefined ? 'NOT CAUGHT' : `${found.checker}: ${found.message.split('\n', 1)[0]?.slice(0, 160) ?? ''}`;
  console.log(row(mutation, found?.simulator ?? '-', `${seeds}`, seconds.toFixed(1), `${what}${ended}`));
}

function row(mutation: string, simulator: string, seeds: string, seconds: string, what: string): string {
  return `${mutation.padEnd(32)} ${simulator.padEnd(9)} ${seeds.padStart(5)} ${seconds.padStart(8)}  ${what}`;
}

async function inProcesses(
  orders: readonly HuntOrder[],
  jobs: number,
  onResult: (result: HuntResult) => void,
): Promise<void> {
  const waiting = [...orders];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('./child-process.js', import.meta.url)), { serialization: 'advanced' });
      const next = (): void => {
        const order = waiting.shift();
        if (order === undefined) child.disconnect();
        else child.send(order);
      };
      child.on('message', (result: HuntResult) => {
        onResult(result);
        next();
      });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a hunt ended with ${String(code)}`))));
      next();
    });
  await Promise.all(Array.from({ length: Math.min(jobs, orders.length) }, work));
}
