/**
 * Reads entries back from the WAL that a replica's window does not hold: for followers that lag, and for a replica that applies more slowly than
 * it appends. In rounds: all that is asked for now is read at once, one read for each who asks; what is asked for meanwhile waits for the next round.
 * So a follower has one read under way at most, as its Progress waits for it, and memory holds one message for each.
 */
import { type Entry, NO_ENTRIES } from '@kvorum/core/raft/entry.js';
import { WalCompactedError } from '../../storage/wal/wal-errors.js';
import type { LogWindow, WantedEntries } from './log-window.js';

/** What it reads for, and from. */
export interface LogFetcherDeps {
  readonly log: LogWindow;
  /** See `Wal.readEntries`. */
  readonly read: (wanted: WantedEntries) => Promise<readonly Entry[]>;
  /** Entries were read. */
  readonly onRead: (entries: readonly Entry[]) => void;
  /** The window has what there was to read: the core must ask again. */
  readonly onProvided: () => void;
  /** A read failed: the node must end (R17). */
  readonly fail: (error: unknown) => void;
}

/** One per replica; one round at a time. */
export class LogFetcher {
  private round: Promise<void> | undefined;
  private isClosed = false;
  private readonly deps: LogFetcherDeps;

  constructor(deps: LogFetcherDeps) {
    this.deps = deps;
  }

  /** The core asked for what is not in memory. */
  start(): void {
    if (this.round !== undefined || this.isClosed) return;
    this.round = this.run(this.deps.log.takeWanted()).catch(this.deps.fail);
  }

  /** Waits for the reads under way; their outcome does not matter any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.round;
  }

  private async run(wanted: readonly WantedEntries[]): Promise<void> {
    const runs = await Promise.all(wanted.map((one) => this.read(one)));
    this.round = undefined;
    if (this.isClosed) return;
    this.deps.log.provide(runs);
    this.deps.onProvided();
  }

  private async read(wanted: WantedEntries): Promise<readonly Entry[]> {
    // Replaced since it was asked for.
    if (wanted.lo >= wanted.hi) return NO_ENTRIES;
    try {
      const entries = await this.deps.read(wanted);
      this.deps.onRead(entries);
      return entries;
    } catch (error) {
      // Freed since it was asked for: who asked gets a snapshot.
      if (error instanceof WalCompactedError) return NO_ENTRIES;
      throw error;
    }
  }
}
