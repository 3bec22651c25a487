/**
 * The order of revisions agrees with real time: what is asked after an answer stands after it, and no revision is larger than the number of writes that
 * were asked for. Revisions of one process never go back, not even in reads that need no quorum.
 */
import type { Operation } from '../workload/history.js';
import type { Report } from './violation.js';

export function checkRevisionTimes(operations: readonly Operation[], report: Report): void {
  const newestAt = newestAnswered(operations, ({ answeredAt }) => answeredAt);
  const writesAt = countWrites(operations);
  for (const operation of operations) {
    const revision = revisionOf(operation);
    if (revision === undefined) continue;
    const { id, request, answer } = operation;
    const isOwn = answer.kind === 'written' || (answer.kind === 'deleted' && answer.deleted > 0);
    const isLocal = 'isSerializable' in request && request.isSerializable;
    const least = newestAt(operation.invokedAt) + (isOwn ? 1 : 0);
    if (!isLocal && revision < least) {
      report(
        `operation ${id} (${request.kind}) stands at revision ${revision}; revision ${least} was told before it was asked`,
      );
    }
    // A shard begins at revision 1.
    const most = 1 + writesAt(operation.answeredAt);
    if (revision > most)
      report(`operation ${id} stands at revision ${revision}, though at most ${most - 1} writes were asked for`);
  }
  checkProcesses(operations, report);
}

/** The revision at which an operation took place; undefined when it did not, or asked for one itself. */
export function revisionOf({ request, answer }: Operation): number | undefined {
  if (answer.kind === 'compacted' || !('revision' in answer)) return undefined;
  return 'revision' in request && request.revision !== undefined ? undefined : answer.revision;
}

/** The newest revision that was told up to a point of the history, or of time; 0 before the first. */
export function newestAnswered(
  operations: readonly Operation[],
  pointOf: (operation: Operation) => number,
): (at: number) => number {
  const answers = operations
    .flatMap((operation) => {
      const revision = revisionOf(operation);
      return revision === undefined ? [] : [{ at: pointOf(operation), value: revision }];
    })
    .sort((a, b) => a.at - b.at);
  let newest = 0;
  return steps(
    answers.map(({ at, value }) => {
      newest = Math.max(newest, value);
      return { at, value: newest };
    }),
  );
}

function countWrites(operations: readonly Operation[]): (at: number) => number {
  const writes = operations.filter(({ request }) => request.kind === 'put' || request.kind === 'delete');
  return steps(writes.map(({ invokedAt }, i) => ({ at: invokedAt, value: i + 1 })));
}

/** The value of the last step before a point; 0 before the first. */
function steps(of: readonly { readonly at: number; readonly value: number }[]): (at: number) => number {
  return (at) => {
    let low = 0;
    let high = of.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((of[middle]?.at ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return of[low - 1]?.value ?? 0;
  };
}

function checkProcesses(operations: readonly Operation[], report: Report): void {
  const answered = operations.filter(({ answeredAt }) => Number.isFinite(answeredAt));
  const newest = new Map<string, { revision: number; answeredAt: number; id: number }>();
  for (const operation of answered.toSorted((a, b) => a.answeredAt - b.answeredAt)) {
    const revision = revisionOf(operation);
    if (revision === undefined) continue;
    const process = `${operation.node} ${operation.process}`;
    const last = newest.get(process);
    // Only what was asked after the answer; two requests under way may be answered in any order.
    if (last !== undefined && last.answeredAt < operation.invokedAt && revision < last.revision) {
      report(
        `operation ${operation.id} went back on node ${operation.node} from revision ${last.revision} (operation ${last.id}) to ${revision}`,
      );
    }
    if (last === undefined || revision > last.revision) {
      newest.set(process, { revision, answeredAt: operation.answeredAt, id: operation.id });
    }
  }
}
