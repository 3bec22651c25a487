/** Calls of one lane that wait for their next message: fresh ones, and before them those that failed and are made again. */
import { Fifo } from '../base/fifo.js';
import { isMutated } from '../base/mutation.js';
import type { Session } from '../session/session.js';
import type { Operation } from './operation.js';

/** Keys and values of the calls of one message; a larger call goes by itself. */
const batchBytesMax = 1 << 20;
/** What a message and its call take beside key and value, roughly. */
const callBytes = 64;
/** Calls that are few go together even where several servers could share them. */
const shareMin = 32;

/** Where new writes get their session from; undefined: there is none yet. */
export interface SessionSource {
  current(): Session | undefined;
}

export class CallQueue {
  readonly #operationsMax: number;
  readonly #sessions: SessionSource | undefined;
  readonly #fresh = new Fifo<Operation>();
  readonly #again = new Fifo<Operation>();
  /** Bytes of an answer per call, lately. */
  #answerBytes = 0;

  /** @param sessions where writes get sequence numbers; without, they have none */
  constructor(operationsMax: number, sessions: SessionSource | undefined) {
    this.#operationsMax = operationsMax;
    this.#sessions = sessions;
  }

  /** Calls that wait; some may have ended meanwhile. */
  get length(): number {
    return this.#fresh.length + this.#again.length;
  }

  push(operation: Operation): void {
    this.#fresh.push(operation);
  }

  /** One that needs a new number waits with the fresh ones: it may wait for those that have theirs, never they for it. */
  pushAgain(operation: Operation): void {
    const hasNumber = this.#sessions === undefined || operation.kind === 'get' || operation.session !== undefined;
    (hasNumber ? this.#again : this.#fresh).push(operation);
  }

  /** An answer of this size to so many calls: the next messages are made so that their answers don't get too large. */
  answerSeen(operations: number, bytes: number): void {
    this.#answerBytes += (bytes / operations - this.#answerBytes) / 8;
  }

  /** Calls for each of so many servers, when they share all that wait. */
  share(servers: number): number {
    return servers > 1 ? Math.max(shareMin, Math.ceil(this.length / servers)) : this.#operationsMax;
  }

  /**
   * The calls of the next message, in the order in which they were made; writes get their sequence numbers. None when all have ended, or when the
   * first write has to wait for a session or for room in its window.
   * @param share what {@link share} said when the turn's messages were begun
   */
  take(share: number): Operation[] {
    const operations: Operation[] = [];
    const byAnswer = this.#answerBytes === 0 ? share : Math.max(1, Math.floor(batchBytesMax / this.#answerBytes));
    const countMax = Math.min(this.#operationsMax, share, byAnswer);
    for (let bytes = 0; operations.length < countMax; ) {
      const queue = this.#again.length > 0 ? this.#again : this.#fresh;
      const operation = queue.peek();
      if (operation === undefined) break;
      if (operation.isSettled) {
        queue.shift();
        continue;
      }
      bytes += callBytes + operation.key.length + (operation.kind === 'set' ? operation.value.length : 0);
      if (operations.length > 0 && (operation.isAlone || bytes > batchBytesMax)) break;
      if (operation.kind !== 'get' && !this.#stamp(operation)) break;
      queue.shift();
      operations.push(operation);
      if (operation.isAlone) break;
    }
    return operations;
  }

  /** False: it can't be sent now. A write keeps the number of its first attempt. */
  #stamp(operation: Operation): boolean {
    if (this.#sessions === undefined) return true;
    if (operation.session !== undefined) {
      if (!isMutated('retryWithNewSequence')) return true;
      operation.session.window.release(operation.sequence);
    }
    const session = this.#sessions.current();
    const sequence = session?.window.take();
    if (sequence === undefined) return false;
    operation.session = session;
    operation.sequence = sequence;
    return true;
  }
}
