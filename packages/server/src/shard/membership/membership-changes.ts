/**
 * Changes of one shard's membership and of its leader that were asked for on this node: each is checked, handed to the core, and gets its one
 * answer. A leader never proposes a change that it would go with: it hands leadership over first, since a configuration takes effect where it is
 * applied, and a leader that is no voter any more can neither campaign nor be outvoted in the old one (thesis 4.2.2).
 */
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import {
  type ConfChangeResult,
  type MembershipRefused,
  memberKind,
  memberProgress,
  type MembershipStatus,
  isJoint,
  nodesOf,
  refused,
  type TransferResult,
} from './membership.js';
import type { EndReason } from '../outcome.js';

/** Who this node is, and whom it can reach. */
export interface MembershipChangesOptions {
  readonly nodeId: number;
  /** Nodes that this one has an address of. */
  readonly configuredNodes: readonly number[];
}

interface PendingChange {
  readonly index: number;
  readonly term: number;
  readonly deadlineMs: number;
  readonly onResult: (result: ConfChangeResult) => void;
}

interface PendingTransfer {
  readonly to: number;
  readonly deadlineMs: number;
  readonly onResult: (result: TransferResult) => void;
}

interface Successor {
  readonly id: number;
  readonly isActive: boolean;
  readonly stays: boolean;
  readonly match: number;
}

/** One per replica. Every call gets exactly one result. */
export class MembershipChanges {
  private changes: PendingChange[] = [];
  private transfer: PendingTransfer | undefined;
  private staysVoter = true;
  private endReason: EndReason | undefined;
  private readonly raw: RawNode;
  private readonly options: MembershipChangesOptions;

  constructor(raw: RawNode, options: MembershipChangesOptions) {
    this.raw = raw;
    this.options = options;
  }

  /** Proposes `change`. `onResult` is called once, at once when it is refused. */
  propose(change: ConfChange, deadlineMs: number, onResult: (result: ConfChangeResult) => void): void {
    const refusal = this.refusalOf(change);
    if (refusal !== undefined) {
      onResult(refusal);
      return;
    }
    const placed = this.raw.proposeConfChange(change);
    if (!placed.isAccepted) {
      onResult(refused('overloaded', `the change was not taken: ${placed.reason}`));
      return;
    }
    this.changes.push({ index: placed.index, term: placed.term, deadlineMs, onResult });
  }

  /** Hands leadership to `to`. `onResult` is called once, at once when it is refused. */
  handTo(to: number, deadlineMs: number, onResult: (result: TransferResult) => void): void {
    const refusal = this.leaderRefusal() ?? this.transferRefusal(to);
    if (refusal !== undefined) {
      onResult(refusal);
      return;
    }
    if (to === this.options.nodeId) {
      onResult({ kind: 'transferred', leader: to });
      return;
    }
    this.settleTransfer({ kind: 'elsewhere', leader: this.options.nodeId });
    this.transfer = { to, deadlineMs, onResult };
    this.raw.transferLeader(to);
  }

  /**
   * Asks the best successor to take over: a voter, rather one that was heard of lately, that stays one, and that has most. Undefined when there
   * is none. Where `after` is given it has to be a voter in that; nodes in `avoided` are not asked.
   */
  handOver(after?: ConfState, avoided: readonly number[] = []): number | undefined {
    return this.handToBest(({ id }) => !avoided.includes(id) && (after === undefined || after.voters.includes(id)));
  }

  /** Asks a voter that was heard of lately to take over, before this node stops. False when there is none, and nothing to wait for. */
  handOverAtStop(): boolean {
    return this.raw.isLeader && this.handToBest(({ isActive }) => isActive) !== undefined;
  }

  /** This membership is in effect on this replica. */
  inEffect(confState: ConfState): void {
    this.staysVoter = confState.voters.includes(this.options.nodeId);
  }

  /** An entry was applied; `confState` is what it made of the membership, undefined for any but a configuration entry. */
  applied(index: number, term: number, confState: ConfState | undefined): void {
    if (this.changes.length === 0) return;
    this.settleChanges(
      (change) => change.index <= index,
      (change) => {
        const isOwn = change.index === index && change.term === term && confState !== undefined;
        return isOwn ? { kind: 'applied', index, confState } : refused('superseded', 'another entry took its place');
      },
    );
  }

  /** A snapshot up to `index` was installed: nobody can tell what became of a change in it. */
  forgetUpTo(index: number): void {
    this.settleChanges(
      (change) => change.index <= index,
      () => ({ kind: 'unknown', reason: 'snapshotInstalled' }),
    );
  }

  leaderChanged(leader: number | undefined): void {
    if (leader === undefined || leader === this.options.nodeId) return;
    const isRight = this.transfer?.to === leader;
    this.settleTransfer(isRight ? { kind: 'transferred', leader } : { kind: 'elsewhere', leader });
  }

  /** Called once a tick: ends what waited too long, and moves leadership away from a node that is no voter to stay. */
  tick(nowMs: number): void {
    const { changes, transfer, staysVoter, raw } = this;
    // Nearly always, on idle shards too: nothing is looked at, nothing allocated.
    if (changes.length === 0 && transfer === undefined && (staysVoter || !raw.isLeader)) return;
    this.settleChanges(
      (change) => nowMs >= change.deadlineMs,
      () => ({ kind: 'unknown', reason: 'timeout' }),
    );
    const isTransferring = raw.isLeader && raw.basicStatus().leadTransferee !== 0;
    if (transfer !== undefined && raw.isLeader && !isTransferring) {
      this.settleTransfer({ kind: 'elsewhere', leader: this.options.nodeId });
    } else if (transfer !== undefined && nowMs >= transfer.deadlineMs) {
      this.settleTransfer({ kind: 'elsewhere', leader: undefined });
    }
    if (raw.isLeader && !staysVoter && !isTransferring) this.handOver();
  }

  end(reason: EndReason): void {
    this.endReason = reason;
    this.settleChanges(
      () => true,
      () => ({ kind: 'unknown', reason }),
    );
    this.settleTransfer({ kind: 'unknown', reason });
  }

  status(sinceIndex: number, leader: number | undefined): MembershipStatus {
    const confState = this.raw.confState();
    const { progress, leadTransferee, pendingConfIndex, applied } = this.raw.status();
    return {
      confState,
      sinceIndex,
      kind: memberKind(confState, this.options.nodeId),
      isJoint: isJoint(confState),
      leader,
      transferringTo: leadTransferee === 0 ? undefined : leadTransferee,
      isChangePending: pendingConfIndex > applied,
      progress: memberProgress(progress),
    };
  }

  private handToBest(isFit: (successor: Successor) => boolean): number | undefined {
    const { voters } = this.raw.confState();
    const [best] = [...this.raw.status().progress]
      .filter(([id, { isLearner }]) => id !== this.options.nodeId && !isLearner)
      .map(([id, { match, isRecentlyActive: isActive }]) => ({ id, isActive, stays: voters.includes(id), match }))
      .filter(isFit)
      .sort(
        (a, b) => Number(b.isActive) - Number(a.isActive) || Number(b.stays) - Number(a.stays) || b.match - a.match,
      );
    if (best !== undefined) this.raw.transferLeader(best.id);
    return best?.id;
  }

  private refusalOf(change: ConfChange): MembershipRefused | undefined {
    const leaderRefusal = this.leaderRefusal();
    if (leaderRefusal !== undefined) return leaderRefusal;
    const stranger = nodesOf(change).find((id) => !this.options.configuredNodes.includes(id));
    if (stranger !== undefined) return refused('unknownNode', `node ${stranger} is not configured`);
    const { leadTransferee, hasCommittedInTerm } = this.raw.basicStatus();
    if (leadTransferee !== 0) return refused('handingOver', 'leadership is being handed over', leadTransferee);
    if (!hasCommittedInTerm) return refused('pending', 'the leader has not committed an entry of its term yet');
    const preview = this.raw.previewConfChange(change);
    if (preview.problem !== null) return refused(preview.problem.kind, preview.problem.text);
    if (preview.confState.voters.includes(this.options.nodeId)) return undefined;
    const successor = this.handOver(preview.confState);
    if (successor === undefined) return refused('noSuccessor', 'no voter stays that could take over from this leader');
    return refused('handingOver', 'this leader would go, so another one has to propose it', successor);
  }

  private leaderRefusal(): MembershipRefused | undefined {
    if (this.endReason !== undefined) return refused(this.endReason, 'the node is ending');
    if (this.raw.isLeader) return undefined;
    const { leaderId } = this.raw;
    return refused('notLeader', 'this node does not lead the shard', leaderId === 0 ? undefined : leaderId);
  }

  private transferRefusal(to: number): MembershipRefused | undefined {
    return memberKind(this.raw.confState(), to) === 'voter'
      ? undefined
      : refused('notVoter', `node ${to} is no voter of the shard`);
  }

  private settleChanges(
    isDone: (change: PendingChange) => boolean,
    result: (change: PendingChange) => ConfChangeResult,
  ) {
    const done = this.changes.filter(isDone);
    if (done.length === 0) return;
    this.changes = this.changes.filter((change) => !isDone(change));
    for (const change of done) change.onResult(result(change));
  }

  private settleTransfer(result: TransferResult): void {
    const { transfer } = this;
    this.transfer = undefined;
    transfer?.onResult(result);
  }
}
