/**
 * What watches told (R11): in the order of revisions, each once, nothing left out between the first revision asked for and the last one told of, over all
 * nodes at which a client went on; and the same to everybody. A revision may be missed only where the client was told so.
 */
import type { Operation } from '../workload/history.js';
import type { SeenEvent, WatchRecord } from '../workload/watch-client.js';
import type { Report } from './violation.js';

/** Returns how many acknowledged writes were found in what watches told. */
export function checkWatches(
  watches: ReadonlyMap<string, WatchRecord>,
  operations: readonly Operation[],
  report: Report,
): number {
  const told = new Map<number, SeenEvent>();
  const puts = new Map<string, number>();
  let found = 0;
  for (const [name, watch] of watches) {
    const { events, isCovered } = readSteps(name, watch, report);
    for (const event of events.values()) {
      compare(name, event, told, report);
      checkOnce(name, event, puts, report);
    }
    found += checkWrites(name, watch, { events, isCovered }, operations, report);
  }
  return found;
}

interface Told {
  readonly events: ReadonlyMap<number, SeenEvent>;
  /** Whether a revision lies in what the client was told to be complete. */
  readonly isCovered: (revision: number) => boolean;
}

function readSteps(name: string, { fromRevision, steps }: WatchRecord, report: Report): Told {
  const events = new Map<number, SeenEvent>();
  const missed: { readonly from: number; readonly to: number }[] = [];
  let next = fromRevision;
  for (const step of steps) {
    if (step.kind === 'missed') {
      if (step.compactRevision <= next)
        report(`${name} was told to have missed what is below ${step.compactRevision}, but had it`);
      missed.push({ from: next, to: step.compactRevision });
      next = Math.max(next, step.compactRevision);
      continue;
    }
    let last = next - 1;
    for (const event of step.events) {
      // Only deletes of single keys are asked for: each revision is of one key.
      if (event.revision <= last) report(`${name} was told revision ${event.revision} after ${last}`);
      if (event.revision > step.revision)
        report(`${name} was told revision ${event.revision} in a batch up to ${step.revision}`);
      last = event.revision;
      events.set(event.revision, event);
    }
    next = Math.max(next, step.revision + 1);
  }
  const isMissed = (revision: number): boolean => missed.some(({ from, to }) => revision >= from && revision < to);
  return { events, isCovered: (revision) => revision >= fromRevision && revision < next && !isMissed(revision) };
}

function compare(name: string, event: SeenEvent, told: Map<number, SeenEvent>, report: Report): void {
  const other = told.get(event.revision);
  if (other === undefined) told.set(event.revision, event);
  else if (other.key !== event.key || other.value !== event.value)
    report(`${name} was told ${event.key} at revision ${event.revision}, another watch ${other.key}`);
}

/** No two writes have one value, so a value that comes twice was written twice (R20). */
function checkOnce(name: string, { key, value, revision }: SeenEvent, puts: Map<string, number>, report: Report): void {
  if (value === undefined) return;
  const put = `${key} ${value}`;
  const known = puts.get(put) ?? revision;
  puts.set(put, known);
  if (known !== revision)
    report(`${name} was told at revision ${revision} of ${key} = ${value.slice(0, 60)}, written at ${known} before`);
}

function checkWrites(
  name: string,
  { prefix }: WatchRecord,
  { events, isCovered }: Told,
  operations: readonly Operation[],
  report: Report,
): number {
  let found = 0;
  for (const { id, request, answer } of operations) {
    const isPut = request.kind === 'put' && answer.kind === 'written';
    const isDelete = request.kind === 'delete' && answer.kind === 'deleted' && answer.deleted > 0;
    if ((!isPut && !isDelete) || !request.key.startsWith(prefix) || !isCovered(answer.revision)) continue;
    const event = events.get(answer.revision);
    const value = request.kind === 'put' ? request.value : undefined;
    if (event === undefined) report(`${name} was not told of operation ${id} at revision ${answer.revision}`);
    else if (event.key !== request.key || event.value !== value)
      report(
        `${name} was told ${event.key} at revision ${answer.revision}, which operation ${id} wrote as ${request.key}`,
      );
    else found += 1;
  }
  return found;
}
