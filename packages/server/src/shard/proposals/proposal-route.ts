/** Where the commands of one replica go: into entries of its own log while it leads, stamped with shardTime, else to the leader. */
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { Clock } from '../../env/env.js';
import type { ForwardAnswer } from '../../transport/transport.js';
import type { Outbox } from '../outbox.js';
import type { Standing } from '../standing.js';
import type { ProposalTarget } from './proposer.js';
import { ShardTime } from './shard-time.js';

/**
 * Of what a leader may have proposed and not applied (`uncommittedBytesMax`), the part that commands of callers leave to changes of membership and to the
 * upkeep of sessions (S12).
 */
export const proposalReserveBytes = 1024 * 1024;

/** What routes depend on. */
export interface ProposalRouteDeps {
  readonly clock: Clock;
  readonly raw: RawNode;
  readonly standing: Standing;
  readonly outbox: Pick<Outbox, 'forward' | 'answer'>;
  /** Undefined while the state is being replaced. */
  readonly machine: () => StateMachine | undefined;
  readonly isOutOfSpace: () => boolean;
}

/** One per replica. */
export class ProposalRoute implements ProposalTarget {
  private readonly shardTime = new ShardTime();
  private readonly deps: ProposalRouteDeps;

  constructor(deps: ProposalRouteDeps) {
    this.deps = deps;
  }

  /** This replica becomes leader: its stamps go on from what is applied. */
  startLeading(): void {
    this.shardTime.startLeading(this.deps.machine()?.shardTimeMs ?? 0, this.deps.clock.nowMs());
  }

  propose(
    batches: readonly (readonly Uint8Array[])[],
    mayUseReserve = false,
  ): { readonly index: number; readonly term: number } | 'notLeader' | 'full' {
    const { clock, raw } = this.deps;
    if (this.deps.machine() === undefined) return 'full';
    if (!mayUseReserve && raw.proposalBytesLeft - bytesOf(batches) < proposalReserveBytes) return 'full';
    const header = { shardTimeMs: this.shardTimeMs(), wallClockMs: Math.floor(clock.wallMs()) };
    const result = raw.propose(batches.map((commands) => buildBatch(header, commands)));
    if (result.isAccepted) return result;
    return result.reason === 'uncommittedLimit' || result.reason === 'leaderTransferring' ? 'full' : 'notLeader';
  }

  unappliedEntries(): number {
    return this.deps.raw.unappliedEntries;
  }

  /** The stamp of a batch that is proposed now. For the leader. */
  shardTimeMs(): number {
    return this.shardTime.stamp(this.deps.machine()?.shardTimeMs ?? 0, this.deps.clock.nowMs());
  }

  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean {
    return this.deps.outbox.forward(to, requestId, commands);
  }

  answer(to: number, requestId: number, answer: ForwardAnswer): void {
    this.deps.outbox.answer(to, requestId, answer);
  }

  leader(): number | undefined {
    return this.deps.standing.leader;
  }

  isLeader(): boolean {
    return this.deps.standing.isLeader;
  }

  isOutOfSpace(): boolean {
    return this.deps.isOutOfSpace();
  }
}

function bytesOf(batches: readonly (readonly Uint8Array[])[]): number {
  let bytes = 0;
  for (const commands of batches) for (const command of commands) bytes += command.length;
  return bytes;
}
