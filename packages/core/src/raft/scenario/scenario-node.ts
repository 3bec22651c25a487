/**
 * One replica of a scenario: core, log in memory, and a state machine that appends whatever is applied to it.
 */
import { asV2 } from '../confchange/conf-change.js';
import { confChangeOf } from '../confchange/codec.js';
import type { RaftConfig } from '../config.js';
import type { Entry } from '../entry.js';
import type { COMPACTED, LogStorage, NOT_YET, UNAVAILABLE } from '../log-storage.js';
import { MemoryLogStorage } from '../memory-log-storage.js';
import type { Message } from '../message.js';
import { RawNode } from '../raw-node.js';
import type { ConfState, Snapshot } from '../snapshot.js';
import type { HardState, LogIndex, NodeId, Term } from '../types.js';
import { ScenarioError } from './arguments.js';

/** A storage whose snapshot is the state machine's newest, and that can be told to have entries "not yet". */
class ScenarioStorage implements LogStorage {
  readonly memory = new MemoryLogStorage();
  readonly history: Snapshot[];
  /** Entries before this index are on disk only. */
  entriesInMemoryFrom: LogIndex = 0;
  hasSnapshotInMemory = true;

  constructor(first: Snapshot) {
    this.history = [first];
    if (first.index > 0) this.memory.applySnapshot(first);
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.memory.initialState();
  }

  firstIndex(): LogIndex {
    return this.memory.firstIndex();
  }

  lastIndex(): LogIndex {
    return this.memory.lastIndex();
  }

  term(index: LogIndex): Term | typeof COMPACTED | typeof UNAVAILABLE {
    return this.memory.term(index);
  }

  entries(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] | typeof COMPACTED | typeof NOT_YET {
    return lo < this.entriesInMemoryFrom ? 'notYet' : this.memory.entries(lo, hi, bytesMax);
  }

  snapshot(): Snapshot | typeof NOT_YET {
    return this.hasSnapshotInMemory ? this.newest() : 'notYet';
  }

  newest(): Snapshot {
    const newest = this.history.at(-1);
    if (newest === undefined) throw new ScenarioError('a node without a snapshot');
    return newest;
  }
}

export type NodeOptions = Omit<RaftConfig, 'id' | 'storage' | 'applied'>;

export class ScenarioNode {
  readonly id: NodeId;
  readonly isAsync: boolean;
  readonly storage: ScenarioStorage;
  readonly appendWork: Message[] = [];
  readonly applyWork: Message[] = [];
  readonly #options: NodeOptions;
  #raw: RawNode;

  constructor(id: NodeId, first: Snapshot, options: NodeOptions) {
    this.id = id;
    this.isAsync = options.asyncStorageWrites ?? false;
    this.storage = new ScenarioStorage(first);
    this.#options = options;
    this.#raw = this.#start();
  }

  get raw(): RawNode {
    return this.#raw;
  }

  /** Starts again from what is stored and applied; work of the storage threads is lost. */
  restart(): void {
    this.appendWork.length = 0;
    this.applyWork.length = 0;
    this.storage.memory.setConfState(this.storage.newest().confState);
    this.#raw = this.#start();
  }

  /** Stores what a Ready or a MsgStorageAppend says. */
  store(hardState: HardState | null, entries: readonly Entry[], snapshot: Snapshot | null): void {
    const { memory, history } = this.storage;
    if (hardState !== null) memory.setHardState(hardState);
    if (snapshot === null) {
      memory.append(entries);
      return;
    }
    if (entries.length > 0) throw new ScenarioError("can't apply snapshot and entries at the same time");
    memory.applySnapshot(snapshot);
    history.push(snapshot);
  }

  /** Applies committed entries; each leaves a snapshot. */
  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const before = this.storage.newest();
      const change = confChangeOf(entry);
      const confState = change === null ? before.confState : this.#raw.applyConfChange(asV2(change));
      const added = change === null ? entry.data : change.context;
      const data = new Uint8Array(before.data.length + added.length);
      data.set(before.data);
      data.set(added, before.data.length);
      this.storage.history.push({ index: entry.index, term: entry.term, confState, data });
    }
  }

  #start(): RawNode {
    return new RawNode({
      ...this.#options,
      id: this.id,
      storage: this.storage,
      applied: this.storage.newest().index,
    });
  }
}
