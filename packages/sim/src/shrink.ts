/** Looks for a smaller way to a violation: fewer kinds of faults first, then a shorter phase with faults. Each try is a whole run of the same seed. */
import type { FixedKnobs } from './knobs.js';
import type { RunReport } from './run-report.js';
import { runSeed } from './simulation.js';

/** The smallest failing run that was found, and the knobs that give it. Undefined when the seed does not fail. */
export async function shrink(
  seed: number,
  fixed: FixedKnobs,
): Promise<{ readonly fixed: FixedKnobs; readonly report: RunReport } | undefined> {
  let best = { fixed, report: await runSeed(seed, { fixed }) };
  if (best.report.violations.length === 0) return undefined;
  const tryWith = async (change: FixedKnobs): Promise<boolean> => {
    const smaller = { ...best.fixed, ...change };
    const report = await runSeed(seed, { fixed: smaller });
    if (report.violations.length === 0) return false;
    best = { fixed: smaller, report };
    return true;
  };
  for (const kind of best.report.knobs.faults) {
    const faults = best.report.knobs.faults.filter((other) => other !== kind);
    if (faults.length > 0) await tryWith({ faults });
  }
  let low = 0;
  let high = best.report.knobs.faultsMs;
  while (high - low > 500) {
    const middle = (low + high) >> 1;
    if (await tryWith({ faultsMs: middle })) high = middle;
    else low = middle;
  }
  return best;
}
