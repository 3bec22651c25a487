/**
 * What every revision store needs of a life cycle: count readers and commits, refuse after close or failure, close when idle.
 */
import { StoreError } from './revision-store.js';

/** Open → closing → closed; a failure is final (R17). */
export class StoreLife {
  readonly #name: string;
  #failure: StoreError | undefined;
  #isClosing = false;
  #users = 0;
  #onIdle: (() => void) | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Throws when the store was closed or has failed. */
  check(): void {
    this.checkFailure();
    if (this.#isClosing) throw new StoreError('STORE_CLOSED', `the store ${this.#name} is closed`);
  }

  /** Throws when the store has failed; for work that was begun before `close`. */
  checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Registers a reader or commit that `close` has to wait for; returns what ends it (idempotent). */
  enter(): () => void {
    this.check();
    this.#users += 1;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#users -= 1;
      if (this.#users === 0) this.#onIdle?.();
    };
  }

  /** Makes every further use fail. The first failure stays. */
  fail(error: StoreError): void {
    this.#failure ??= error;
  }

  /** Refuses new users at once and resolves when the last one has left. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    if (this.#users === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
