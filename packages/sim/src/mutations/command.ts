/** `npm run sim -- --mutations [NAME…]`: hunts bugs in child processes and prints a table. */
import { fileURLToPath } from 'node:url';
import { activateMutation, type Mutation, mutations } from './all-mutations.js';
import { runGroup } from '../groups/random-group.js';
import { runInProcesses, serveOrders } from '../jobs.js';
import type { HuntAsked } from '../options.js';
import { type Found, hunt, type HuntOrder, type HuntResult } from './hunt.js';

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

/** The life of a child process. */
export function serveHunts(): void {
  serveOrders(hunt);
}

function chosen(names: readonly Mutation[]): readonly Mutation[] {
  return names.length === 0 ? mutations : mutations.filter((mutation) => names.includes(mutation));
}

function print({ mutation, seeds, cpuSeconds, found, merelyEnded }: HuntResult): void {
  const ended = merelyEnded === 0 ? '' : ` (in ${merelyEnded} seeds before, nodes only ended by themselves)`;
  const what =
    found === undefined ? 'NOT CAUGHT' : `${found.checker}: ${found.message.split('\n', 1)[0]?.slice(0, 160) ?? ''}`;
  console.log(row(mutation, found?.simulator ?? '-', `${seeds}`, cpuSeconds.toFixed(1), `${what}${ended}`));
  if (found !== undefined) console.log(`${' '.repeat(34)}again: npm run sim -- ${againOf(mutation, found)}`);
}

/** Options that give the finding again: a group alone, or the seed whose cluster it was. */
export function againOf(mutation: Mutation, { simulator, number }: Found): string {
  const where = simulator === 'group' ? `--group ${number}` : `--base-seed ${number} --seeds 1`;
  return `--mutations ${mutation} ${where}`;
}

/** One group, with the bug if there is one; exit code 1 when it breaks something. */
export function runOneGroup(group: number, mutation: Mutation | undefined): number {
  activateMutation(mutation);
  try {
    const { violation, endedBy } = runGroup(group, { goesOnAfterBugs: mutation !== undefined });
    if (violation === undefined && endedBy === undefined) {
      console.log(`group ${group}: nothing is broken`);
      return 0;
    }
    console.log(`group ${group} FAILED`);
    console.log(`  ${violation === undefined ? endedBy : `${violation.checker}: ${violation.message}`}`);
    return 1;
  } finally {
    activateMutation(undefined);
  }
}

function row(mutation: string, simulator: string, seeds: string, cpuSeconds: string, what: string): string {
  return `${mutation.padEnd(32)} ${simulator.padEnd(9)} ${seeds.padStart(5)} ${cpuSeconds.padStart(8)}  ${what}`;
}
