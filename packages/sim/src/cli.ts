/** Command line of the simulator: one seed, or many on several cores; totals at the end; exit code 1 when an invariant was broken. */
import { execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { huntAll } from './mutations/command.js';
import { type FaultKind, faultKinds, type FixedKnobs } from './knobs.js';
import { printFailure, Totals } from './output.js';
import { shrink } from './shrink.js';
import type { RunReport } from './run-report.js';
import { runSeed } from './simulation.js';

const usage = `npm run sim -- [options]
  --seed N         run one seed
  --seeds K        run K seeds, from --base-seed (default 1) on
  --base-seed B
  --jobs J         processes that run them (default 2)
  --nodes N        nodes, whatever the seed draws
  --faults-ms MS   length of the phase with faults
  --faults A,B,…   kinds of faults, whatever the seed draws
  --shrink         look for fewer kinds of faults and a shorter time that still fail (one seed)
  --trace          print every line of the event log (one seed)
  --twice          run each seed twice and compare the event logs
  --mutations [NAME…]  bring back historic bugs and tell after how many seeds which checker notices (at most --seeds)
`;

export async function runCli(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      'base-seed': { type: 'string' },
      jobs: { type: 'string' },
      nodes: { type: 'string' },
      'faults-ms': { type: 'string' },
      faults: { type: 'string' },
      shrink: { type: 'boolean' },
      trace: { type: 'boolean' },
      twice: { type: 'boolean' },
      mutations: { type: 'boolean' },
      help: { type: 'boolean' },
    },
    allowPositionals: args.includes('--mutations'),
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  console.log(`node ${process.version}, commit ${commit()}`);
  if (values.mutations === true) {
    const seedsMax = numberOf(values.seeds);
    const baseSeed = numberOf(values['base-seed']) ?? 1;
    return huntAll({ names: positionals, baseSeed, seedsMax, jobs: numberOf(values.jobs) ?? 2 });
  }
  const fixed = {
    nodes: numberOf(values.nodes),
    faultsMs: numberOf(values['faults-ms']),
    faults: faultsOf(values.faults),
  };
  const passOn = args.filter((_, i) => isPassedOn(args, i));
  const seeds = seedsOf(numberOf(values.seed), numberOf(values.seeds), numberOf(values['base-seed']) ?? 1);
  if (values.shrink === true) return shrinkSeed(seeds[0] ?? 1, fixed);
  const totals = new Totals();
  const onReport = (report: RunReport): void => {
    totals.add(report);
    if (report.violations.length > 0) printFailure(report, passOn);
  };
  const runs = { fixed, isTwice: values.twice === true };
  const jobs = Math.min(numberOf(values.jobs) ?? 2, seeds.length);
  if (jobs > 1) await runInProcesses(seeds, runs, jobs, onReport);
  else {
    const print = values.trace === true ? (line: string) => console.log(line) : undefined;
    for (const seed of seeds) onReport(await runOne(seed, runs, print));
  }
  totals.print();
  return totals.failed === 0 && totals.missingFaults().length === 0 ? 0 : 1;
}

async function shrinkSeed(seed: number, fixed: FixedKnobs): Promise<number> {
  const found = await shrink(seed, fixed);
  if (found === undefined) {
    console.log(`seed ${seed} does not fail`);
    return 0;
  }
  const { faults, faultsMs } = found.report.knobs;
  printFailure(found.report, ['--faults', faults.join(','), '--faults-ms', String(faultsMs)]);
  return 1;
}

function faultsOf(text: string | undefined): readonly FaultKind[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name);
    if (kind === undefined) throw new RangeError(`${name} is no kind of fault; there are ${faultKinds.join(', ')}`);
    return kind;
  });
}

interface Runs {
  readonly fixed: FixedKnobs;
  readonly isTwice: boolean;
}

async function runOne(seed: number, { fixed, isTwice }: Runs, print?: (line: string) => void): Promise<RunReport> {
  const report = await runSeed(seed, { fixed, print });
  if (!isTwice) return report;
  const again = await runSeed(seed, { fixed });
  if (again.digest === report.digest) return report;
  const message = `the event log of the second run differs: ${report.digest} and ${again.digest}`;
  return { ...report, violations: [...report.violations, { checker: 'determinism', message }] };
}

/** What goes over the pipe to a child process. */
interface Order {
  readonly seed: number;
  readonly runs: Runs;
}

async function runInProcesses(
  seeds: readonly number[],
  runs: Runs,
  jobs: number,
  onReport: (report: RunReport) => void,
): Promise<void> {
  const waiting = [...seeds];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('./worker-process.js', import.meta.url)), { serialization: 'advanced' });
      const next = (): void => {
        const seed = waiting.shift();
        if (seed === undefined) child.disconnect();
        else child.send({ seed, runs } satisfies Order);
      };
      child.on('message', (report: RunReport) => {
        onReport(report);
        next();
      });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${String(code)}`))));
      next();
    });
  await Promise.all(Array.from({ length: jobs }, work));
}

/** The life of a child process: an order comes, a report goes. */
export function serveOrders(): void {
  process.on('message', (order: Order) => {
    void runOne(order.seed, order.runs).then((report) => process.send?.(report));
  });
}

function seedsOf(seed: number | undefined, count: number | undefined, base: number): number[] {
  if (count === undefined) return [seed ?? base];
  return Array.from({ length: count }, (_, i) => base + i);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${text} is not a whole number`);
  return value;
}

/** Options that a replay of a seed needs too. */
function isPassedOn(args: readonly string[], at: number): boolean {
  return [args[at], args[at - 1]].some((arg) => arg === '--nodes' || arg === '--faults-ms' || arg === '--faults');
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
