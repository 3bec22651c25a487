/**
 * Reads with a bound for their age (architecture 8), judged by the time of the world, which no node knows: nothing may be missing that was told to anybody
 * longer before the read was asked for than its bound. Nodes measure with their own clocks, so a slow clock makes the bound longer by as much.
 */
import type { Operation } from '../workload/history.js';
import { newestAnswered, revisionOf } from './revision-times.js';
import type { Report } from './violation.js';

/**
 * How many such reads were answered, and checked.
 *
 * @param rateMin how fast the slowest clock runs, in its milliseconds per millisecond of the world
 */
export function checkStaleness(operations: readonly Operation[], rateMin: number, report: Report): number {
  const newestAt = newestAnswered(operations, ({ answeredMs }) => answeredMs);
  let checked = 0;
  for (const operation of operations) {
    const { id, request, node, invokedMs } = operation;
    const maxStalenessMs = 'isSerializable' in request ? request.maxStalenessMs : undefined;
    const revision = revisionOf(operation);
    if (maxStalenessMs === undefined || revision === undefined) continue;
    checked += 1;
    const least = newestAt(invokedMs - maxStalenessMs / rateMin);
    if (revision >= least) continue;
    report(
      `operation ${id} (${request.kind}) at node ${node} stands at revision ${revision}; revision ${least} was told more than ${maxStalenessMs} ms before it was asked`,
    );
  }
  return checked;
}
