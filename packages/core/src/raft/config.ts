/**
 * Options of a core, checked and completed once.
 */
import type { LogSink } from './log-sink.js';
import { SILENT_SINK } from './log-sink.js';
import type { LogStorage } from './log-storage.js';
import { isCounter, type LogIndex, type NodeId } from './types.js';

/** How linearizable reads are confirmed: by a heartbeat round, or by what etcd calls the leader's lease. */
export type ReadOnlyOption = 'safe' | 'leaseBased';

/** What a core is made with. Sizes are in bytes; Infinity stands for no limit. */
export interface RaftConfig {
  /** This replica's id, ≥ 1. */
  readonly id: NodeId;
  /** Ticks without a leader before an election; the real timeout is random in [electionTicks, 2 × electionTicks - 1]. */
  readonly electionTicks: number;
  /** Ticks between a leader's heartbeats; < electionTicks. */
  readonly heartbeatTicks: number;
  readonly storage: LogStorage;
  /** Numbers in [0, 1), for election timeouts and nonces. */
  readonly random: () => number;
  /**
   * Entries up to here were applied before the start and are not handed out again. At most the storage's last index; may be ahead
   * of the stored commit index, which it then raises. Default: the storage's first index - 1.
   */
  readonly applied?: LogIndex;
  /** Append and apply work are messages to storage threads, see RawNode. Default false. */
  readonly asyncStorageWrites?: boolean;
  /** Ask before disturbing a term (thesis 9.6). Default true. */
  readonly preVote?: boolean;
  /** A leader that doesn't hear from a quorum for an election timeout steps down. Default true. */
  readonly checkQuorum?: boolean;
  /**
   * Default 'safe'. 'leaseBased' needs `checkQuorum` and trusts it: a leader that was cut off right after a quorum check leads on for up to
   * two election timeouts, while others may elect another after one. So it is no lease in the sense of thesis 6.4.1, and stale
   * reads are possible even with perfect clocks. A host that wants leases uses `votePromiseMs` and a clock instead (R28).
   */
  readonly readOnly?: ReadOnlyOption;
  /**
   * With each answer to a heartbeat this replica promises its leader not to vote for anybody else within so many milliseconds, whatever
   * term it moves to (thesis 6.4.1); it keeps the promise for `electionTicks` ticks, also after a restart, so those must never
   * take less time. An election that the leader asked for is exempt. 0: no promise. Default 0.
   */
  readonly votePromiseMs?: number;
  /** Most bytes of entries in one MsgApp (one larger entry still goes). Default 1 MiB. */
  readonly messageBytesMax?: number;
  /** Most bytes of committed entries handed out and not yet applied. Default 4 MiB. */
  readonly applyingBytesMax?: number;
  /** Most bytes of proposed data that is not yet applied; beyond, proposals are refused. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Most MsgApp under way to one follower (P6). Default 64. */
  readonly inflightMessagesMax?: number;
  /** Most bytes of data under way to one follower (P6). Default 8 MiB. */
  readonly inflightBytesMax?: number;
  /** Most linearizable reads waiting for confirmation; beyond, they are refused. Default 65,536. */
  readonly pendingReadsMax?: number;
  /** A follower drops MsgProp instead of forwarding it. Default false. */
  readonly disableProposalForwarding?: boolean;
  /** Configuration changes enter the log unchecked: for hosts that check them deterministically at apply. Default false. */
  readonly disableConfChangeValidation?: boolean;
  /** A leader removed or demoted by a configuration change becomes a follower at once. Default false. */
  readonly stepDownOnRemoval?: boolean;
  /**
   * Who refuses a vote tells what it knows to be committed, and a candidate that holds the same entry takes it over. Without it a group is
   * stuck when a configuration took effect only on its leader, which is no voter in it and can't campaign, and whose vote all others need in
   * the old one but don't get because its log is longer. Default false.
   */
  readonly commitByVote?: boolean;
  readonly log?: LogSink;
}

/** A configuration with every option decided. */
export type CompleteRaftConfig = Required<Omit<RaftConfig, 'applied'>> & { readonly applied: LogIndex | undefined };

/** An option out of its range. The message names option, value and range (S4). */
export class RaftConfigError extends Error {
  readonly code = 'RAFT_CONFIG';
}

const MIB = 1024 * 1024;

/** Fills in defaults and checks ranges. Throws {@link RaftConfigError}. */
export function completeConfig(config: RaftConfig): CompleteRaftConfig {
  const complete: CompleteRaftConfig = {
    id: config.id,
    electionTicks: config.electionTicks,
    heartbeatTicks: config.heartbeatTicks,
    storage: config.storage,
    random: config.random,
    applied: config.applied,
    asyncStorageWrites: config.asyncStorageWrites ?? false,
    preVote: config.preVote ?? true,
    checkQuorum: config.checkQuorum ?? true,
    readOnly: config.readOnly ?? 'safe',
    votePromiseMs: config.votePromiseMs ?? 0,
    messageBytesMax: config.messageBytesMax ?? MIB,
    applyingBytesMax: config.applyingBytesMax ?? 4 * MIB,
    uncommittedBytesMax: config.uncommittedBytesMax ?? 64 * MIB,
    inflightMessagesMax: config.inflightMessagesMax ?? 64,
    inflightBytesMax: config.inflightBytesMax ?? 8 * MIB,
    pendingReadsMax: config.pendingReadsMax ?? 65_536,
    disableProposalForwarding: config.disableProposalForwarding ?? false,
    disableConfChangeValidation: config.disableConfChangeValidation ?? false,
    stepDownOnRemoval: config.stepDownOnRemoval ?? false,
    commitByVote: config.commitByVote ?? false,
    log: config.log ?? SILENT_SINK,
  };
  checkInteger('id', complete.id, 1);
  checkInteger('heartbeatTicks', complete.heartbeatTicks, 1);
  checkInteger('electionTicks', complete.electionTicks, complete.heartbeatTicks + 1);
  checkInteger('inflightMessagesMax', complete.inflightMessagesMax, 1);
  checkInteger('pendingReadsMax', complete.pendingReadsMax, 1);
  checkInteger('votePromiseMs', complete.votePromiseMs, 0);
  checkInteger('applied', complete.applied ?? 0, 0);
  checkBytes('messageBytesMax', complete.messageBytesMax, 0);
  checkBytes('applyingBytesMax', complete.applyingBytesMax, 1);
  checkBytes('uncommittedBytesMax', complete.uncommittedBytesMax, 1);
  checkBytes('inflightBytesMax', complete.inflightBytesMax, 1);
  if (complete.readOnly === 'leaseBased' && !complete.checkQuorum) {
    throw new RaftConfigError("readOnly 'leaseBased' needs checkQuorum");
  }
  return complete;
}

function checkInteger(option: string, value: number, min: number): void {
  if (isCounter(value) && value >= min) return;
  throw new RaftConfigError(`${option} is ${value}, must be an integer in [${min}, 2^53)`);
}

/** Infinity stands for "no limit". */
function checkBytes(option: string, value: number, min: number): void {
  if (value === Number.POSITIVE_INFINITY) return;
  checkInteger(option, value, min);
}
