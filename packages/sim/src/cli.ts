/** Command line of the simulator: one seed, or many on several cores; totals at the end; exit code 1 when an invariant was broken, 2 for wrong options. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { OptionError } from '@kvorum/server/internal/options/option-error.js';
import { runInProcesses } from './jobs.js';
import { huntAll, runOneGroup } from './mutations/command.js';
import { groupsOf } from './groups/seed-groups.js';
import { assertNode } from './node-version.js';
import { readOptions, type SimOptions, usage } from './options.js';
import { type Answer, type Order, runOrder } from './order.js';
import { printFailure, printGroupFailures, Totals } from './output.js';
import { readSeedsFile } from './seeds-file.js';
import { shrink } from './shrink.js';

export async function runCli(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args, process.env);
    if (options.isHelp) {
      process.stdout.write(usage);
      return 0;
    }
    console.log(`node ${process.version}, commit ${commit()}`);
    assertNode(process.version, options.expectNode);
    if (options.group !== undefined) return runOneGroup(options.group, options.hunt?.names[0]);
    if (options.hunt !== undefined) return await huntAll(options.hunt);
    return options.isShrunk ? await shrinkOne(options) : await runAll(options);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`${error.message}\n--help tells all options`);
    return 2;
  }
}

async function runAll({
  seeds,
  seedsFile,
  fixed,
  steps,
  isTwice,
  isTraced,
  hasGroups,
  jobs,
}: SimOptions): Promise<number> {
  const known = seedsFile === undefined ? [] : readSeedsFile(seedsFile);
  const orders = [
    ...known.map((one): Order => ({ seed: one.seed, fixed: { ...one.fixed, ...fixed }, steps, isTwice, groups: [] })),
    ...seeds.map((seed): Order => ({ seed, fixed, steps, isTwice, groups: hasGroups ? groupsOf(seed) : [] })),
  ];
  const totals = new Totals();
  const onAnswer = (answer: Answer): void => {
    totals.add(answer);
    if (answer.report.violations.length > 0) printFailure(answer, commit());
    printGroupFailures(answer, commit());
  };
  if (Math.min(jobs, orders.length) > 1) {
    const script = fileURLToPath(new URL('./worker-process.js', import.meta.url));
    await runInProcesses(script, orders, jobs, onAnswer);
  } else {
    const print = isTraced ? (line: string) => console.log(line) : undefined;
    for (const order of orders) onAnswer(await runOrder(order, print));
  }
  totals.print();
  return totals.isGood ? 0 : 1;
}

async function shrinkOne({ seeds: [seed = 1], fixed, steps }: SimOptions): Promise<number> {
  const found = await shrink({ seed, fixed, steps, isTwice: false, groups: [] });
  if (found === undefined) {
    console.log(`seed ${seed} does not fail`);
    return 0;
  }
  printFailure(found, commit());
  return 1;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
