/**
 * Looks for a smaller way to a violation: fewer kinds of faults first, then a shorter phase with faults, then the fewest steps after which it shows.
 * Each try is a run of the same seed.
 */
import type { FixedKnobs } from './knobs.js';
import { type Answer, type Order, runOrder } from './order.js';

/** The smallest failing run that was found. Undefined when the run does not fail. */
export async function shrink(order: Order): Promise<Answer | undefined> {
  let best = await runOrder(order);
  if (best.report.violations.length === 0) return undefined;
  const tryWith = async (fixed: FixedKnobs, steps?: number): Promise<boolean> => {
    const smaller = { ...best.order, fixed: { ...best.order.fixed, ...fixed }, steps: steps ?? best.order.steps };
    const answer = await runOrder(smaller);
    if (answer.report.violations.length === 0) return false;
    best = answer;
    return true;
  };
  if (best.report.knobs.membershipEveryMs > 0) await tryWith({ membershipEveryMs: 0 });
  if (best.report.knobs.failpoints.length > 0) await tryWith({ failpoints: [] });
  if (best.report.knobs.sureFaults.length > 0) await tryWith({ sureFaults: [] });
  for (const kind of best.report.knobs.faults) {
    const faults = best.report.knobs.faults.filter((other) => other !== kind);
    if (faults.length > 0) await tryWith({ faults });
  }
  const { faultsMs } = best.report.knobs;
  await bisect(0, faultsMs, 500, (middle) => tryWith({ faultsMs: middle }));
  // What shows only once everything was healed has no failing beginning.
  const { steps } = best.report;
  if (await tryWith({}, steps)) await bisect(0, steps, 1, (middle) => tryWith({}, middle));
  return best;
}

/** Finds about the smallest number above `low` that fails; `high` does. */
async function bisect(
  low: number,
  high: number,
  precision: number,
  fails: (middle: number) => Promise<boolean>,
): Promise<void> {
  let [passing, failing] = [low, high];
  while (failing - passing > precision) {
    const middle = (passing + failing) >> 1;
    if (await fails(middle)) failing = middle;
    else passing = middle;
  }
}
