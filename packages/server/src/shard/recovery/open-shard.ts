/** Brings one shard up from disk: its store, the state machine rebuilt from it, and the part of the WAL that still counts. */
import type { StateMachine, StateMachineOptions } from '@kvorum/core/kv/state-machine.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { Clock } from '../../env/env.js';
import type { RevisionStore } from '../../storage/revision-store.js';
import { decodeConfState, encodeConfState } from '../membership/conf-state-codec.js';
import { LogWindow } from '../log/log-window.js';
import { type RecoveredLog, reconcile } from './reconcile.js';
import { rebuildMachine } from './rebuild-machine.js';

/** What the WAL recovered of a shard. */
export interface RecoveredShardLog extends RecoveredLog<Entry> {
  /** Encoded; empty when the WAL never held one. */
  readonly confState: Uint8Array;
}

/** A shard brought up: what its replica starts from. */
export interface OpenedShard {
  readonly machine: StateMachine;
  readonly log: LogWindow;
  readonly hardState: { readonly term: number; readonly vote: number; readonly commit: number };
  readonly confState: ConfState;
  /** True when the WAL must be told log start and hard state before the replica takes part. */
  readonly mustRepairWal: boolean;
}

/** Log and store contradict each other in a way that no crash explains (R16): the replica must not take part. */
export class ShardDamagedError extends Error {
  override readonly name = 'ShardDamagedError';
  readonly code = 'SHARD_DAMAGED';
  readonly shard: number;

  constructor(shard: number, reason: string) {
    super(
      `shard ${shard} is damaged: ${reason}. Its data stays untouched; restore the data directory from a backup or replace the node.`,
    );
    this.shard = shard;
  }
}

/**
 * Of the memberships known the store's wins, before its first flush the WAL's, and for a new shard the configured one.
 *
 * @param recovered undefined for a shard the WAL has never seen
 * @param firstConfState the membership of a new shard
 */
export async function openShard(
  deps: { readonly clock: Clock; readonly store: RevisionStore },
  options: { readonly shard: number; readonly machine: StateMachineOptions; readonly logWindowBytes: number },
  recovered: RecoveredShardLog | undefined,
  firstConfState: ConfState,
): Promise<OpenedShard> {
  const log = recovered ?? newLog;
  const knownConfState = log.confState.length > 0 ? log.confState : encodeConfState(firstConfState);
  const machine = await rebuildMachine(deps.store, deps.clock, options.machine, knownConfState);
  const start = reconcile(log, { index: machine.appliedIndex, term: machine.appliedTerm });
  if (start.kind === 'damaged') throw new ShardDamagedError(options.shard, start.reason);
  const confState = decodeConfState(machine.meta.confState);
  const hardState = { term: start.term, vote: start.vote, commit: start.commit };
  return {
    machine,
    log: new LogWindow(
      { hardState, confState, logStart: start.logStart, entries: start.entries },
      { windowBytes: options.logWindowBytes },
    ),
    hardState,
    confState,
    mustRepairWal: start.mustRepairWal || recovered === undefined,
  };
}

const newLog: RecoveredShardLog = {
  term: 0,
  vote: 0,
  commit: 0,
  logStart: { index: 0, term: 0 },
  entries: [],
  confState: new Uint8Array(0),
};
