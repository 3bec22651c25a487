/**
 * Linearizability with the store's own revisions as witness, in O(n log n), for histories of any size.
 *
 * Each write that took place has a revision of its own, so revisions say in which order writes took place, and at which point of that order a read stands.
 * What is left to check: the order agrees with real time (`revision-times.ts`), and each read shows exactly the state at its revision. Revisions of writes
 * without an answer are learnt from reads: no two writes write the same value.
 */
import type { Operation, SeenKey } from '../workload/history.js';
import { type KnownWrite, KnownWrites } from './known-writes.js';
import type { Report } from './violation.js';

export function checkRevisionWitness(operations: readonly Operation[], report: Report): void {
  const writes = new KnownWrites(operations, report);
  for (const operation of operations) checkOperation(operation, writes, report);
}

function checkOperation(operation: Operation, writes: KnownWrites, report: Report): void {
  const { id, request, answer } = operation;
  if (answer.kind === 'seen' && request.kind === 'get') {
    checkKey(operation, request.key, answer.keys[0], answer.revision, writes, report);
  }
  if (answer.kind === 'seen' && request.kind === 'list') checkList(operation, request.prefix, answer, writes, report);
  if (request.kind !== 'put' && request.kind !== 'delete') return;
  if (answer.kind !== 'written' && answer.kind !== 'deleted') return;
  const before = writes.newest(request.key, answer.revision - 1);
  if (request.ifModRevision !== undefined && before !== undefined && before.revision !== request.ifModRevision) {
    const wanted = `operation ${id} asked for ${request.key} at modRevision ${request.ifModRevision}`;
    report(`${wanted} and was carried out at ${answer.revision}, though the key changed at ${before.revision}`);
  }
  if (answer.kind !== 'written') return;
  const isCreate = answer.createRevision === answer.revision;
  if (isCreate !== (answer.version === 1))
    report(`operation ${id} tells version ${answer.version} of a key created then`);
  if (request.kind === 'put' && request.ifAbsent === true && !isCreate) {
    report(`operation ${id} was to create ${request.key} and replaced what was created at ${answer.createRevision}`);
  }
}

function checkList(
  operation: Operation,
  prefix: string,
  answer: { readonly revision: number; readonly keys: readonly SeenKey[] },
  writes: KnownWrites,
  report: Report,
): void {
  const rows = new Map(answer.keys.map((row) => [row.key, row]));
  if (rows.size !== answer.keys.length) report(`operation ${operation.id} lists a key twice`);
  for (const key of rows.keys()) if (!key.startsWith(prefix)) report(`operation ${operation.id} lists ${key}`);
  for (const key of writes.keys()) {
    if (key.startsWith(prefix)) checkKey(operation, key, rows.get(key), answer.revision, writes, report);
  }
}

/** A read of one key at a revision. */
function checkKey(
  operation: Operation,
  key: string,
  row: SeenKey | undefined,
  revision: number,
  writes: KnownWrites,
  report: Report,
): void {
  const newest = writes.newest(key, revision);
  const where = `operation ${operation.id} read ${key} at revision ${revision}`;
  if (row === undefined) {
    if (newest === undefined || newest.value === undefined) return;
    if (writes.mayBeDeleted(key, operation.answeredAt)) return;
    report(`${where} as absent; ${tell(newest)}`);
    return;
  }
  if (row.key !== key) report(`${where} and got ${row.key}`);
  if (row.modRevision > revision) report(`${where} and saw revision ${row.modRevision}, which is later`);
  else if (newest !== undefined && newest.revision !== row.modRevision) {
    report(`${where} and saw revision ${row.modRevision}; ${tell(newest)}`);
  } else if (newest !== undefined && newest.value !== row.value) {
    report(`${where} and saw ${row.value.slice(0, 60)}; ${tell(newest)}`);
  }
}

function tell({ revision, value, operation }: KnownWrite): string {
  const what = value === undefined ? 'deleted' : `written (${value.slice(0, 60)})`;
  return `it was ${what} at ${revision}${operation === undefined ? '' : ` by operation ${operation}`}`;
}
