/**
 * Frees old segments that a few entries pin: the log of an idle shard, uncommitted entries, or ones a slow shard has not flushed. What is live in the
 * oldest segment is written again at the end, as records that never truncate on replay, until nothing live is left there: at once where it is
 * next to nothing, and once the log is larger than its mark where half of the segment, or half of the whole log, is not live. Only a log that is
 * mostly live stays as it is: the retention of its shards decides about that, and copying would only make work.
 */
import type { Failpoints } from '../../env/failpoints.js';
import type { EntryReader } from './entry-reader.js';
import type { Item, ShardLogs } from './items.js';
import { firstLiveIn, liveBytes } from './retention.js';
import type { Segment } from './segment-file.js';
import type { Segments } from './segments.js';
import type { ShardId } from './wal.js';
import { WalCompactedError } from './wal-errors.js';

/** Entries are copied in pieces, so that the loop is never held up for long (N11). */
const PIECE_BYTES = 256 * 1024;

/** Share of the oldest segment that is copied at any size of the log: it costs nothing beside the segment's room and its reading at a start. */
const SMALL_SHARE = 1 / 64;

/**
 * Live share of a segment, or of the log, up to which a log above its mark is copied forward. With at most half of the log live, going once
 * through all of it writes no more than it frees, even where an idle shard fills whole segments that keep all later ones.
 */
const LARGE_SHARE = 1 / 2;

/** What copying works with. */
export interface CopyForwardDeps {
  readonly logs: ShardLogs;
  readonly reader: EntryReader;
  readonly segments: Segments;
  /** Hands in an item; resolves when it is durable, or when the log ended. */
  readonly write: (item: Item) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly failpoints?: Failpoints | undefined;
}

/** One per open log; one run at a time. */
export class CopyForward {
  readonly #deps: CopyForwardDeps;
  readonly #logBytesMark: number;
  #running: Promise<void> | undefined;
  /** Copies on their way to the disk. */
  #writing: { readonly shard: ShardId; readonly written: Promise<void> } | undefined;
  #isClosed = false;
  /** The newest segment when the oldest one was last looked at for little that pins it: once per segment is enough. */
  #lookedAt: Segment | undefined;

  constructor(deps: CopyForwardDeps, logBytesMark: number) {
    this.#deps = deps;
    this.#logBytesMark = logBytesMark;
  }

  /** Starts a run when there is something to gain; called after anything that may have changed that. */
  consider(): void {
    if (this.#running !== undefined || this.#isClosed || !this.#isWorthwhile()) return;
    this.#running = this.#copyOldest()
      .catch(this.#deps.onFailure)
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when copies of the shard's entries are durable, or the log has ended; undefined when none are being written. */
  whenCopied(shard: ShardId): Promise<void> | undefined {
    return this.#writing?.shard === shard ? this.#writing.written : undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #isWorthwhile(): boolean {
    const { logs, segments } = this.#deps;
    const { oldest, current } = segments;
    if (oldest === undefined || oldest === current) return false;
    const isLarge = segments.bytes > this.#logBytesMark;
    if (!isLarge && this.#lookedAt === current) return false;
    this.#lookedAt = current;
    const { inSegment, inAll } = liveBytes(logs, oldest.number);
    if (inSegment <= oldest.bytes * SMALL_SHARE) return true;
    return isLarge && (inSegment <= oldest.bytes * LARGE_SHARE || inAll <= segments.bytes * LARGE_SHARE);
  }

  async #copyOldest(): Promise<void> {
    const { logs, reader, segments, write, failpoints } = this.#deps;
    const segment = segments.oldest?.number ?? 0;
    for (;;) {
      const live = firstLiveIn(logs, segment, PIECE_BYTES);
      const log = live === undefined ? undefined : logs.get(live.shard);
      if (live === undefined || log === undefined || this.#isClosed) return;
      try {
        const entries = await reader.read(live.shard, log, live.lo, live.hi, live.bytes);
        failpoints?.hit('copyBeforeWrite');
        const written = write({ kind: 'copy', shard: live.shard, segment, entries });
        this.#writing = { shard: live.shard, written };
        await written;
        failpoints?.hit('copyAfterSync');
      } catch (error) {
        // Compacted while it was read: so much the better.
        if (!(error instanceof WalCompactedError)) throw error;
      } finally {
        this.#writing = undefined;
      }
    }
  }
}
