/** What a replica asks of the shard that hosts it. Types only. */
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState, Role } from '@kvorum/core/raft/types.js';
import type { ComparisonOutput } from './state-comparison/comparer.js';

/** None of these calls back inside the call, but `onComparison`, which may stop the replica. */
export interface ReplicaHost {
  /** A MsgSnap that the core addressed. */
  sendSnapshot(message: Message): void;
  /** The core needs a snapshot to send; answer by `log.offerSnapshot` and `storageReady`. */
  wantSnapshot(): void;
  /** The core needs entries that are not in memory; answer by `log.provide` and `storageReady`. */
  wantEntries(): void;
  /** The core has accepted a snapshot; `install` follows when all appends before it are durable. */
  acceptSnapshot(snapshot: Snapshot): void;
  /** Install the accepted snapshot, then call `installed`. */
  install(snapshot: Snapshot, hardState: HardState): void;
  /** A configuration entry was applied: another membership is in effect. */
  onConfChanged(): void;
  /** An entry was applied. */
  onApplied(): void;
  /** What comparing states asks for: messages, a word to the log, or to stop serving. */
  onComparison(outputs: readonly ComparisonOutput[]): void;
  /** The replica has work, though nothing arrived. */
  onDue(): void;
  /** Leader or role changed. */
  onRoleChange(leader: number | undefined, role: Role, term: number): void;
}
