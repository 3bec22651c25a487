/** What clients asked and what they were told, in the order in which it happened. The only thing that checkers of the outside behaviour look at. */

/** A key's state as a read showed it. */
export interface SeenKey {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
  readonly createRevision: number;
  readonly version: number;
}

interface Read {
  /** Answered from the state of the node that is asked. */
  readonly isSerializable: boolean;
  /** With `isSerializable`: only if that state is no older. */
  readonly maxStalenessMs?: number;
  readonly revision?: number;
}

export type Request =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: string;
      readonly ifModRevision?: number;
      readonly ifAbsent?: true;
    }
  | { readonly kind: 'delete'; readonly key: string; readonly ifModRevision?: number }
  | ({ readonly kind: 'get'; readonly key: string } & Read)
  | ({ readonly kind: 'list'; readonly prefix: string } & Read)
  | { readonly kind: 'count'; readonly prefix: string }
  | { readonly kind: 'compact'; readonly revision: number };

export type Answer =
  | { readonly kind: 'written'; readonly revision: number; readonly createRevision: number; readonly version: number }
  | { readonly kind: 'deleted'; readonly revision: number; readonly deleted: number }
  /** All keys of the range as of the revision. */
  | { readonly kind: 'seen'; readonly revision: number; readonly keys: readonly SeenKey[] }
  /** The range holds no key. As of which revision was not told. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'counted'; readonly revision: number; readonly count: number }
  | { readonly kind: 'compacted'; readonly revision: number }
  /** A compare-and-set that was refused, with the key's true modRevision (0: absent). */
  | { readonly kind: 'conditionFailed'; readonly modRevision: number | undefined }
  /** Definitely not carried out, or a read without an answer. */
  | { readonly kind: 'refused'; readonly code: string }
  /** May have been carried out, or be carried out later. */
  | { readonly kind: 'unknown'; readonly code: string };

/** The node did what was asked, or told that its condition did not hold. */
export function isDefinite(answer: Answer): boolean {
  return answer.kind !== 'refused' && answer.kind !== 'unknown';
}

export interface Operation {
  readonly id: number;
  readonly client: number;
  /** To which it was sent last. */
  node: number;
  /** Starts of the node's process, so that one process can be told from the next. */
  process: number;
  readonly request: Request;
  readonly invokedMs: number;
  /** Position among all calls and answers of the run. */
  readonly invokedAt: number;
  answeredMs: number;
  /** Infinite while there is no answer. */
  answeredAt: number;
  answer: Answer;
}

export class History {
  readonly operations: Operation[] = [];
  acknowledged = 0;
  #position = 0;

  invoke(from: Pick<Operation, 'client' | 'node' | 'process' | 'request' | 'invokedMs'>): Operation {
    const operation: Operation = {
      ...from,
      id: this.operations.length,
      invokedAt: this.#position++,
      answeredMs: Number.POSITIVE_INFINITY,
      answeredAt: Number.POSITIVE_INFINITY,
      answer: { kind: 'unknown', code: 'NONE' },
    };
    this.operations.push(operation);
    return operation;
  }

  answer(operation: Operation, answer: Answer, nowMs: number): void {
    operation.answer = answer;
    operation.answeredMs = nowMs;
    operation.answeredAt = this.#position++;
    if (isDefinite(answer)) this.acknowledged += 1;
  }
}
