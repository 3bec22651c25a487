/**
 * The append work of one replica, in order: what must be synced goes to the WAL, what need not be waits only for what is before it, a
 * snapshot is installed alone. When a piece is durable the log window gets its entries and its responses are delivered, never before (R10).
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { assert } from '@kvorum/core/base/assert.js';
import { type Entry, NO_ENTRIES } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import type { Failpoints } from '../../env/failpoints.js';
import type { LogWindow } from './log-window.js';

/** What the WAL has to make durable for one shard, in this order. */
export interface AppendUpdate {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
}

/** None of these may call back into the appender. */
export interface AppenderDeps {
  readonly log: LogWindow;
  /** Takes a response of finished work: to this replica or to another node. */
  readonly deliver: (message: Message) => void;
  /** The core has accepted a snapshot: it will be installed when all work before it is done. */
  readonly accept: (snapshot: Snapshot) => void;
  /** Installs an accepted snapshot durably; `installed` must be called when that is done. */
  readonly install: (snapshot: Snapshot, hardState: HardState) => void;
  readonly failpoints?: Failpoints | undefined;
}

interface Work {
  readonly message: Message;
  state: 'held' | 'waiting' | 'done';
  /** Term or vote go with it. */
  hasVote: boolean;
}

/** One per replica. Work is done in the order in which it was added. */
export class Appender {
  private readonly works: Work[] = [];
  private held: HardState;
  private written: HardState;
  private readonly deps: AppenderDeps;

  /** @param hardState as recovered */
  constructor(deps: AppenderDeps, hardState: HardState) {
    this.deps = deps;
    this.held = hardState;
    this.written = hardState;
  }

  /** Whether work is with the WAL and not durable yet. */
  get isSyncing(): boolean {
    return this.works.some((work) => work.state === 'waiting');
  }

  /** A commit index that is not written yet, to go along with the next write; undefined when all is written. */
  takeUnwritten(): HardState | undefined {
    if (this.held === this.written) return undefined;
    this.written = this.held;
    return this.held;
  }

  /** New work, a MsgStorageAppend. */
  add(message: Message): void {
    if (message.snapshot === null) {
      this.works.push({ message, state: 'held', hasVote: false });
      return;
    }
    this.deps.accept(message.snapshot);
    // Entries behind a snapshot are a write of their own, after it.
    this.works.push({ message: { ...message, entries: NO_ENTRIES, responses: [] }, state: 'held', hasVote: false });
    this.works.push({ message: { ...message, snapshot: null }, state: 'held', hasVote: false });
  }

  /** What can be given to the WAL now. Each update must be reported by {@link synced}, in order. */
  takeUpdates(): AppendUpdate[] {
    const updates: AppendUpdate[] = [];
    for (const work of this.works) {
      if (work.state !== 'held') {
        if (work.message.snapshot !== null) break;
        continue;
      }
      if (work.message.snapshot !== null) {
        this.startInstall(work);
        break;
      }
      this.start(work, updates);
    }
    this.finishDone();
    return updates;
  }

  /** The oldest update given to the WAL is durable. */
  synced(): void {
    const work = this.works.find((one) => one.state === 'waiting');
    assert(work !== undefined && work.message.snapshot === null, 'a sync nobody waits for');
    if (work.hasVote) this.deps.failpoints?.hit('hardStateAfterSync');
    work.state = 'done';
    this.finishDone();
  }

  /** The snapshot under way is installed: store, WAL and state machine are at its position. */
  installed(): void {
    const work = this.works[0];
    const snapshot = work?.message.snapshot;
    assert(work !== undefined && snapshot !== null && snapshot !== undefined, 'no snapshot is being installed');
    this.deps.log.restore({ index: snapshot.index, term: snapshot.term });
    work.state = 'done';
    this.finishDone();
  }

  private start(work: Work, updates: AppendUpdate[]): void {
    const { message } = work;
    work.hasVote = this.changesVote(message);
    const mustSync = message.entries.length > 0 || work.hasVote;
    if (work.hasVote) this.deps.failpoints?.hit('hardStateBeforeWrite');
    this.hold(message);
    if (!mustSync) {
      work.state = 'done';
      return;
    }
    work.state = 'waiting';
    updates.push({ hardState: this.takeUnwritten(), entries: message.entries });
  }

  private startInstall(work: Work): void {
    if (this.works[0] !== work || work.message.snapshot === null) return;
    work.state = 'waiting';
    this.hold(work.message);
    this.written = this.held;
    this.deps.install(work.message.snapshot, this.held);
  }

  private finishDone(): void {
    while (this.works[0]?.state === 'done') {
      const work = this.works.shift();
      if (work === undefined) return;
      this.deps.log.append(work.message.entries);
      for (const response of work.message.responses) this.deps.deliver(response);
    }
  }

  private changesVote(message: Message): boolean {
    if (isMutated('voteNotSynced')) return false;
    return message.term !== 0 && (message.term !== this.held.term || message.vote !== this.held.vote);
  }

  private hold(message: Message): void {
    const { term, vote, commit } = this.held;
    if (message.term === 0) return;
    if (message.term === term && message.vote === vote && message.commit === commit) return;
    this.held = { term: message.term, vote: message.vote, commit: message.commit };
  }
}
