/** All writes of a history whose revision is known: told in an answer, or seen in a read. */
import type { Operation, SeenKey } from '../workload/history.js';
import type { Report } from './violation.js';

export interface KnownWrite {
  readonly revision: number;
  readonly key: string;
  /** Undefined for a delete. */
  readonly value: string | undefined;
  readonly operation: number | undefined;
}

export class KnownWrites {
  readonly #byRevision = new Map<number, KnownWrite>();
  readonly #byKey = new Map<string, KnownWrite[]>();
  /** When the first delete of a key whose outcome nobody knows was invoked. */
  readonly #unknownDeletes = new Map<string, number>();
  readonly #putOf = new Map<string, Operation>();
  /** Revisions of operations. */
  readonly #revisionOf = new Map<number, number>();
  readonly #report: Report;

  constructor(operations: readonly Operation[], report: Report) {
    this.#report = report;
    for (const operation of operations) this.#addAnswer(operation);
    for (const { id, answer, answeredAt } of operations) {
      if (answer.kind === 'seen') for (const row of answer.keys) this.#addSeen(row, id, answeredAt);
    }
    for (const writes of this.#byKey.values()) writes.sort((a, b) => a.revision - b.revision);
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  /** The newest write of a key at or before a revision. */
  newest(key: string, revision: number): KnownWrite | undefined {
    const writes = this.#byKey.get(key) ?? [];
    let low = 0;
    let high = writes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((writes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return writes[low - 1];
  }

  /** Whether a delete without an answer may have removed the key before that point of the history. */
  mayBeDeleted(key: string, before: number): boolean {
    return (this.#unknownDeletes.get(key) ?? Number.POSITIVE_INFINITY) < before;
  }

  #addAnswer(operation: Operation): void {
    const { id, request, answer, invokedAt } = operation;
    if (request.kind === 'put') {
      this.#putOf.set(`${request.key} ${request.value}`, operation);
      if (answer.kind === 'written') {
        this.#add({ revision: answer.revision, key: request.key, value: request.value, operation: id });
      }
    }
    if (request.kind !== 'delete') return;
    if (answer.kind === 'deleted' && answer.deleted > 0) {
      this.#add({ revision: answer.revision, key: request.key, value: undefined, operation: id });
    }
    if (answer.kind === 'unknown') {
      const known = this.#unknownDeletes.get(request.key) ?? invokedAt;
      this.#unknownDeletes.set(request.key, Math.min(known, invokedAt));
    }
  }

  #addSeen({ key, value, modRevision }: SeenKey, reader: number, readAt: number): void {
    const source = this.#putOf.get(`${key} ${value}`);
    const what = `operation ${reader} saw ${key} = ${value.slice(0, 60)} of revision ${modRevision}`;
    if (source === undefined) {
      this.#report(`${what}, which nobody wrote`);
      return;
    }
    const { answer } = source;
    if (answer.kind === 'refused' || answer.kind === 'conditionFailed') {
      this.#report(`${what}, which operation ${source.id} was told not to have written`);
    }
    if (source.invokedAt > readAt) this.#report(`${what} before operation ${source.id} asked for it`);
    this.#add({ revision: modRevision, key, value, operation: source.id });
  }

  #add(write: KnownWrite): void {
    this.#once(write);
    const known = this.#byRevision.get(write.revision);
    if (known === undefined) {
      this.#byRevision.set(write.revision, write);
      const ofKey = this.#byKey.get(write.key);
      if (ofKey === undefined) this.#byKey.set(write.key, [write]);
      else ofKey.push(write);
      return;
    }
    if (known.key === write.key && known.value === write.value) return;
    this.#report(
      `revision ${write.revision} belongs to operations ${known.operation} (${known.key}) and ${write.operation} (${write.key})`,
    );
  }
  /** Whatever was sent again on the way, a write is carried out once (R20). */
  #once({ operation, revision, key }: KnownWrite): void {
    if (operation === undefined) return;
    const known = this.#revisionOf.get(operation);
    if (known === undefined) this.#revisionOf.set(operation, revision);
    else if (known !== revision)
      this.#report(`operation ${operation} wrote ${key} at revision ${known} and again at ${revision}`);
  }
}
