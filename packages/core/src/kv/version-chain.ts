/**
 * The chain of a key's records, newest to oldest, and the jump pointers that make "newest ≤ R" logarithmic on a key with a million versions.
 *
 * Jumps follow the skew-binary rule (Myers, "An applicative random-access stack", 1983): a record jumps over two equal runs if the record before it
 * and that one's jump target span runs of equal length, else to the record before it. The rule needs headers of the newest records of the key
 * only. Those are taken from the memory ring and never from the store, so apply reads nothing from disk: where a header has left the ring,
 * a new run starts. A lookup then costs O(log) within a run plus one step per run, and a key whose runs are short has been
 * written at most once per turnover of the ring.
 *
 * Links may differ between replicas (rings do); what a lookup finds never does.
 */
import { CorruptError } from './errors.js';
import { isTombstone, RecordLinks } from './record.js';
import type { RecordRing } from './record-ring.js';
import type { ShardState } from './shard-state.js';

const CHAIN_DEPTH_MAX = 0xffff_ffff;

/** Makes the links of new records. */
export class ChainLinker {
  /** Links of the record to write next. */
  readonly links = new RecordLinks();
  readonly #before = new RecordLinks();
  readonly #target = new RecordLinks();
  readonly #ring: RecordRing;

  constructor(ring: RecordRing) {
    this.#ring = ring;
  }

  /** Fills `links` for a record that follows {main, sub} of the same key. */
  linkAfter(main: number, sub: number): void {
    const { links } = this;
    links.previousMain = main;
    links.previousSub = sub;
    links.jumpMain = main;
    links.jumpSub = sub;
    links.chainDepth = 0;
    if (!this.#read(main, sub, this.#before) || this.#before.chainDepth === CHAIN_DEPTH_MAX) return;
    links.chainDepth = this.#before.chainDepth + 1;
    // The first record of a run jumps out of it, so only jumps inside count.
    if (this.#before.chainDepth === 0) return;
    const { chainDepth: beforeDepth, jumpMain, jumpSub } = this.#before;
    if (!this.#read(jumpMain, jumpSub, this.#target) || this.#target.chainDepth === 0) return;
    const { chainDepth: targetDepth, jumpMain: farMain, jumpSub: farSub } = this.#target;
    if (
      !this.#read(farMain, farSub, this.#before) ||
      beforeDepth - targetDepth !== targetDepth - this.#before.chainDepth
    )
      return;
    links.jumpMain = farMain;
    links.jumpSub = farSub;
  }

  #read(main: number, sub: number, links: RecordLinks): boolean {
    if (!this.#ring.find(main, sub)) return false;
    links.read(this.#ring.bytes, this.#ring.start);
    return true;
  }
}

/** Finds versions of keys at a revision. */
export class ChainWalker {
  readonly #state: ShardState;
  readonly #links = new RecordLinks();

  constructor(state: ShardState) {
    this.#state = state;
  }

  /**
   * The live record of a key at `revision` (readable), given its newest record {main, sub}; undefined when the key did not exist then.
   * @throws CorruptError
   */
  recordAt(newestMain: number, newestSub: number, revision: number): Uint8Array | undefined {
    let main = newestMain;
    let sub = newestSub;
    while (main > revision) {
      const record = this.#state.requireRecord(main, sub);
      this.#links.read(record, 0);
      const { previousMain, previousSub, jumpMain, jumpSub } = this.#links;
      if (previousMain === 0) return undefined;
      if (previousMain >= main || jumpMain > previousMain)
        throw new CorruptError(`record ${main}.${sub} links forward`);
      const canJump = jumpMain > revision;
      main = canJump ? jumpMain : previousMain;
      sub = canJump ? jumpSub : previousSub;
    }
    const record = this.#state.record(main, sub);
    if (record === undefined && main > this.#state.compactRevision)
      throw new CorruptError(`record ${main}.${sub} is missing`);
    return record === undefined || isTombstone(record) ? undefined : record;
  }
}
