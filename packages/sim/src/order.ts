/** One run as the command asks for it, in this process or in a child. */
import { type GroupFailure, runGroups } from './groups/seed-groups.js';
import type { FixedKnobs } from './knobs.js';
import type { RunReport } from './run-report.js';
import { runSeed } from './simulation.js';

/** All that is needed to have the same run again. */
export interface Order {
  readonly seed: number;
  readonly fixed: FixedKnobs;
  readonly steps: number | undefined;
  /** The run is made twice, and its event logs are compared (R1). */
  readonly isTwice: boolean;
  /** Groups of cores that are run beside the cluster. */
  readonly groups: readonly number[];
}

/** What a child process answers. */
export interface Answer {
  readonly order: Order;
  readonly report: RunReport;
  readonly groupFailures: readonly GroupFailure[];
}

export async function runOrder(order: Order, print?: (line: string) => void): Promise<Answer> {
  const report = await runCluster(order, print);
  return { order, report, groupFailures: runGroups(order.groups) };
}

async function runCluster(order: Order, print?: (line: string) => void): Promise<RunReport> {
  const { seed, fixed, steps } = order;
  const report = await runSeed(seed, { fixed, steps, print });
  if (!order.isTwice) return report;
  const again = await runSeed(seed, { fixed, steps });
  if (again.digest === report.digest) return report;
  const message = `the event log of the second run differs: ${report.digest} and ${again.digest}`;
  return { ...report, violations: [...report.violations, { checker: 'determinism', message }] };
}
