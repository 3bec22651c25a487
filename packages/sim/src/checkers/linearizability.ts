/**
 * Linearizability by search (Wing and Gong), key by key, without a look at revisions: the witness of `revision-witness.ts` is only as good as the revisions
 * that the store tells. A read of many keys counts as a read of each; that it saw all of them at one moment is left to the witness, and so are reads of
 * old revisions and those that need no quorum, which promise less.
 *
 * A write without an answer may take effect at any time after it was asked for, or never.
 */
import { checkHistory } from '../linearizability/check.js';
import type { Operation as Searched } from '../linearizability/model.js';
import type { SearchBounds } from '../linearizability/search.js';
import type { Operation, Request } from '../workload/history.js';
import { ABSENT, type KeyInput, keyModel, type KeyOutput, type ValueNumber } from './key-model.js';
import type { Report } from './violation.js';

/** Of one key. They don't depend on the machine, so a seed has the same verdict everywhere. */
const BOUNDS: SearchBounds = {
  configurationsMax: 200_000,
  memoBytesMax: 64 * 1024 * 1024,
  isOverdue: () => false,
};

/** How many keys were looked at, and of how many the search ended before it knew. */
export interface SearchedKeys {
  readonly keys: number;
  readonly undecided: number;
}

export function checkLinearizability(
  operations: readonly Operation[],
  report: Report,
  bounds: SearchBounds = BOUNDS,
): SearchedKeys {
  const byKey = new Translation(operations).byKey();
  let undecided = 0;
  for (const [key, own] of byKey) {
    const { verdict, finding } = checkHistory(keyModel, own, { bounds });
    if (verdict === 'unknown') undecided += 1;
    if (verdict !== 'not-linearizable') continue;
    const after = finding?.order.at(-1)?.process ?? 'nothing';
    report(
      `no order explains what was told of ${key}: ${finding?.blockedBy?.process ?? 'it'} does not fit behind ${after}`,
    );
  }
  return { keys: byKey.size, undecided };
}

type OfKey = Searched<KeyInput, KeyOutput>;

/** The history of clients in the words of the search. */
class Translation {
  readonly #operations: readonly Operation[];
  readonly #numbers = new Map<string, ValueNumber>();
  /** The value of each key's revision, as far as it was told. */
  readonly #revisions = new Map<string, ValueNumber>();
  readonly #byKey = new Map<string, OfKey[]>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    for (const { request, answer } of operations) {
      if (request.kind === 'put') this.#byKey.set(request.key, []);
      if (request.kind === 'put' && answer.kind === 'written') this.#learn(request.key, answer.revision, request.value);
      if (answer.kind !== 'seen') continue;
      for (const { key, modRevision, value } of answer.keys) this.#learn(key, modRevision, value);
    }
  }

  byKey(): ReadonlyMap<string, readonly OfKey[]> {
    for (const operation of this.#operations) {
      if (operation.answer.kind !== 'refused') this.#add(operation);
    }
    return this.#byKey;
  }

  #add(operation: Operation): void {
    const { request, answer } = operation;
    switch (request.kind) {
      case 'put':
        this.#addSet(operation, request, this.#numberOf(request.value));
        break;
      case 'delete':
        this.#addSet(operation, request, ABSENT);
        break;
      case 'get':
      case 'list': {
        if (request.isSerializable || request.revision !== undefined) return;
        if (answer.kind !== 'seen' && answer.kind !== 'absent') return;
        const rows = answer.kind === 'seen' ? answer.keys : [];
        const seen = new Map(rows.map(({ key, value }) => [key, this.#numberOf(value)]));
        const keys = request.kind === 'get' ? [request.key] : this.#keysFrom(request.prefix, seen);
        for (const key of keys) {
          this.#push(key, operation, { kind: 'read' }, { kind: 'saw', value: seen.get(key) ?? ABSENT });
        }
        break;
      }
      case 'count':
      case 'compact':
        break;
    }
  }

  #addSet(operation: Operation, request: SetRequest, to: ValueNumber): void {
    const { answer } = operation;
    const { key, ifModRevision } = request;
    const isCreate = request.kind === 'put' && request.ifAbsent === true;
    const ifValue = isCreate ? ABSENT : ifModRevision === undefined ? undefined : this.#valueAt(key, ifModRevision);
    const input: KeyInput = { kind: 'set', to, ifValue };
    switch (answer.kind) {
      case 'written':
        this.#push(key, operation, input, { kind: 'done' });
        break;
      case 'deleted':
        this.#push(key, operation, input, { kind: answer.deleted > 0 ? 'done' : 'nothing' });
        break;
      case 'conditionFailed': {
        const found =
          answer.modRevision === undefined ? undefined : this.#revisions.get(`${key} ${answer.modRevision}`);
        this.#push(key, operation, input, { kind: 'refused', found: answer.modRevision === 0 ? ABSENT : found });
        break;
      }
      default:
        this.#push(key, operation, input, undefined);
    }
  }

  #push(key: string, operation: Operation, input: KeyInput, output: KeyOutput | undefined): void {
    const { id, request, invokedAt, answeredAt } = operation;
    const ofKey = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, ofKey);
    ofKey.push({
      process: `operation ${id} (${request.kind})`,
      input,
      output,
      call: invokedAt,
      return: output === undefined ? Number.POSITIVE_INFINITY : answeredAt,
    });
  }

  /** Keys that begin so: all that somebody wrote, and whatever was seen besides. */
  #keysFrom(prefix: string, seen: ReadonlyMap<string, ValueNumber>): Iterable<string> {
    return new Set([...[...this.#byKey.keys()].filter((key) => key.startsWith(prefix)), ...seen.keys()]);
  }

  #valueAt(key: string, revision: number): ValueNumber {
    // Clients ask only for revisions that they were told of; another one no value fits.
    return this.#revisions.get(`${key} ${revision}`) ?? -1;
  }

  #learn(key: string, revision: number, value: string): void {
    this.#revisions.set(`${key} ${revision}`, this.#numberOf(value));
  }

  #numberOf(value: string): ValueNumber {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#numbers.set(value, this.#numbers.size + 1);
    return this.#numbers.size;
  }
}

type SetRequest = Extract<Request, { readonly kind: 'put' | 'delete' }>;
