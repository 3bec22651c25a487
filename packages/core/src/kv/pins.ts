/**
 * Revisions that reads in slices hold. A pin stops physical compaction, never the logical one: `compactRevision` is part of the replicated state.
 */
import type { Pin } from './read-types.js';

/** The pins of one shard; few at a time. */
export class Pins {
  readonly #holders = new Map<number, number>();

  /** Holds `revision`. */
  add(revision: number): Pin {
    this.#holders.set(revision, (this.#holders.get(revision) ?? 0) + 1);
    let isHeld = true;
    return {
      revision,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (this.#holders.get(revision) ?? 1) - 1;
        if (left === 0) this.#holders.delete(revision);
        else this.#holders.set(revision, left);
      },
    };
  }

  /** Whether this very revision is held. */
  has(revision: number): boolean {
    return this.#holders.has(revision);
  }

  /** Whether a revision below `revision` is held. */
  hasBelow(revision: number): boolean {
    for (const held of this.#holders.keys()) if (held < revision) return true;
    return false;
  }
}
