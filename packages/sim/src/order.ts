/** One run as the command asks for it, in this process or in a child. */
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
}

/** What a child process answers. */
export interface Answer {
  readonly order: Order;
  readonly report: RunReport;
}

export async function runOrder(order: Order, print?: (line: string) => void): Promise<Answer> {
  const { seed, fixed, steps } = order;
  const report = await runSeed(seed, { fixed, steps, print });
  if (!order.isTwice) return { order, report };
  const again = await runSeed(seed, { fixed, steps });
  if (again.digest === report.digest) return { order, report };
  const message = `the event log of the second run differs: ${report.digest} and ${again.digest}`;
  return { order, report: { ...report, violations: [...report.violations, { checker: 'determinism', message }] } };
}
