/** One replica as checkers of the inside see it, at one moment. */
import type { Hash64 } from '@kvorum/core/kv/meta.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { LogStorage } from '@kvorum/core/raft/log-storage.js';
import { decodeConfState } from '@kvorum/server/internal/shard/membership/conf-state-codec.js';
import type { HostedShard } from '@kvorum/server/internal/shard/hosted-shard.js';

export interface ReplicaView {
  readonly node: number;
  /** Starts of the node's process so far. */
  readonly process: number;
  readonly shard: number;
  readonly role: string;
  readonly term: number;
  readonly commit: number;
  /** Entries that are synced. */
  readonly log: Pick<LogStorage, 'firstIndex' | 'term' | 'entries'>;
  /** The last of them that is still part of the replica's log. */
  readonly stableIndex: number;
  /** Last entry, synced or not. */
  readonly lastIndex: number;
  /** Undefined while a snapshot is being installed. */
  readonly state: AppliedState | undefined;
  /** Membership in which its core counts; undefined while that is ahead of its state. */
  readonly coreConfState: string | undefined;
}

export interface AppliedState {
  readonly appliedIndex: number;
  readonly chainHash: string;
  readonly confState: string;
}

/** @param wholeLog all entries of the replica's log; default: what it has in memory */
export function viewReplica(
  node: number,
  process: number,
  hosted: HostedShard,
  wholeLog: LogStorage | undefined,
): ReplicaView {
  const { replica } = hosted;
  const { machine } = replica;
  const log = wholeLog ?? replica.log;
  const status = replica.raw.basicStatus();
  const isInStep = status.firstIndex === log.firstIndex();
  const canLook = machine !== undefined && !machine.isApplying;
  return {
    node,
    process,
    shard: hosted.shard,
    role: status.role,
    term: status.term,
    commit: status.commit,
    log,
    // A snapshot that is accepted and not installed makes all of the log obsolete.
    stableIndex: isInStep ? Math.min(status.stableIndex, log.lastIndex()) : 0,
    lastIndex: status.lastIndex,
    state: canLook ? stateOf(machine) : undefined,
    coreConfState: isInStep ? JSON.stringify(replica.raw.confState()) : undefined,
  };
}

function stateOf(machine: StateMachine): AppliedState {
  const { appliedIndex, meta } = machine;
  return { appliedIndex, chainHash: hex(meta.chainHash), confState: JSON.stringify(decodeConfState(meta.confState)) };
}

export function hex({ high, low }: Hash64): string {
  return `${(high >>> 0).toString(16).padStart(8, '0')}${(low >>> 0).toString(16).padStart(8, '0')}`;
}
