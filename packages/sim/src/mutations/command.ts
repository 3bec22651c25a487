/** `npm run sim -- --mutations [NAME…]`: hunts bugs in child processes and prints a table. */
import { fileURLToPath } from 'node:url';
import { type Mutation, mutations } from '@kvorum/core/base/mutation.js';
import { runInProcesses } from '../jobs.js';
import type { HuntAsked } from '../options.js';
import { hunt, type HuntOrder, type HuntResult } from './hunt.js';

/** A bug that takes more seeds counts as not caught. */
const SEEDS_MAX = 2000;

/** Exit code 1 when a bug was not caught. */
export async function huntAll(options: HuntAsked): Promise<number> {
  const { baseSeed, seedsMax = SEEDS_MAX } = options;
  const orders = chosen(options.names).map((mutation): HuntOrder => ({ mutation, baseSeed, seedsMax }));
  console.log(row('bug', 'simulator', 'seeds', 'CPU s', 'caught by'));
  const results: HuntResult[] = [];
  const script = fileURLToPath(new URL('./child-process.js', import.meta.url));
  await runInProcesses(script, orders, options.jobs, (result: HuntResult) => {
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

function print({ mutation, seeds, cpuSeconds, found, merelyEnded }: HuntResult): void {
  const ended = merelyEnded === 0 ? '' : ` (in ${merelyEnded} seeds before, nodes only ended by themselves)`;
  const what =
    found === undefined ? 'NOT CAUGHT' : `${found.checker}: ${found.message.split('\n', 1)[0]?.slice(0, 160) ?? ''}`;
  console.log(row(mutation, found?.simulator ?? '-', `${seeds}`, cpuSeconds.toFixed(1), `${what}${ended}`));
}

function row(mutation: string, simulator: string, seeds: string, cpuSeconds: string, what: string): string {
  return `${mutation.padEnd(32)} ${simulator.padEnd(9)} ${seeds.padStart(5)} ${cpuSeconds.padStart(8)}  ${what}`;
}
