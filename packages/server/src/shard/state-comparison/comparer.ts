/**
 * One replica's part in comparing states (R14). Data in, data out: the replica tells what it applied and heard, and carries out what comes back.
 *
 * Reports are facts about committed entries, so it does not matter which leader collects them: when the leader changes or its connection comes back, the
 * newest reports are sent again, and a leader judges an index anew with each report.
 */
import type { StateHashes } from '@kvorum/core/kv/meta.js';
import type { JointConfig } from '@kvorum/core/raft/quorum/joint.js';
import type { NodeId } from '@kvorum/core/raft/types.js';
import type { Accusation, ComparisonMessage } from '../../transport/comparison-codec.js';
import { judge } from './verdict.js';

/** Named indexes that a replica remembers: own reports on every replica, everybody's on a leader. */
export const comparisonsKept = 8;

/** How the replica stands now. */
export interface ComparisonView {
  readonly nodeId: NodeId;
  /** Undefined when none is known. */
  readonly leader: NodeId | undefined;
  readonly isLeader: boolean;
  readonly voters: JointConfig;
}

/** What is to be done, in this order. */
export type ComparisonOutput =
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: ComparisonMessage }
  /** A quorum was found equal at this index; told once for each. */
  | { readonly kind: 'equal'; readonly index: number }
  /** Replicas differ and it is open who is right; told once for each index. */
  | { readonly kind: 'differs'; readonly index: number }
  /** This replica must stop serving. `suspects` are all that must. */
  | {
      readonly kind: 'stop';
      readonly index: number;
      readonly accusation: Accusation;
      readonly suspects: readonly NodeId[];
    };

interface Collected {
  readonly reports: Map<NodeId, StateHashes>;
  told: 'open' | 'differs' | 'equal';
}

/** One per replica. Remembers a bounded number of named indexes. */
export class StateComparer {
  /** Own reports, oldest first. */
  private own: readonly StateHashes[] = [];
  /** Of a leader: reports by index. */
  private readonly collected = new Map<number, Collected>();
  private readonly view: () => ComparisonView;

  constructor(view: () => ComparisonView) {
    this.view = view;
  }

  /** This replica has applied the entry of a comparison; these are its hashes right after it. */
  applied(hashes: StateHashes): ComparisonOutput[] {
    this.own = [...this.own, hashes].slice(-comparisonsKept);
    const view = this.view();
    if (view.isLeader) return this.collect(view, view.nodeId, hashes);
    return this.reportsTo(view, [hashes]);
  }

  /** Another replica told its hashes, or a leader its verdict. */
  received(from: NodeId, { hashes, accusation }: ComparisonMessage): ComparisonOutput[] {
    const view = this.view();
    if (accusation === undefined) return view.isLeader ? this.collect(view, from, hashes) : [];
    const isMine = this.own.some((reported) => areSame(reported, hashes));
    if (!isMine) return [];
    return [{ kind: 'stop', index: hashes.appliedIndex, accusation, suspects: [view.nodeId] }];
  }

  /** Who leads, or whether that is this replica, changed. */
  leaderChanged(): ComparisonOutput[] {
    this.collected.clear();
    const view = this.view();
    if (view.isLeader) return this.own.flatMap((hashes) => this.collect(view, view.nodeId, hashes));
    return this.reportsTo(view, this.own);
  }

  /** A connection to the node is there, maybe after messages were lost. */
  connected(node: NodeId): ComparisonOutput[] {
    const view = this.view();
    return node === view.leader ? this.reportsTo(view, this.own) : [];
  }

  /** The state that was reported is being replaced: no verdict on it counts any more. */
  forgetOwn(): void {
    this.own = [];
  }

  private reportsTo({ leader, isLeader }: ComparisonView, reports: readonly StateHashes[]): ComparisonOutput[] {
    if (leader === undefined || isLeader) return [];
    return reports.map((hashes) => ({ kind: 'send', to: leader, message: { hashes, accusation: undefined } }));
  }

  private collect(view: ComparisonView, from: NodeId, hashes: StateHashes): ComparisonOutput[] {
    const index = hashes.appliedIndex;
    const collected = this.at(index);
    if (collected === undefined) return [];
    collected.reports.set(from, hashes);
    const verdict = judge(collected.reports, view.voters);
    const outputs: ComparisonOutput[] = [];
    if (verdict.state !== 'open' && verdict.state !== collected.told) {
      collected.told = verdict.state;
      outputs.push({ kind: verdict.state, index });
    }
    // Others first: a leader that has stopped sends nothing any more.
    for (const [node, accusation] of verdict.accused) {
      const reported = collected.reports.get(node);
      if (node === view.nodeId || reported === undefined) continue;
      outputs.push({ kind: 'send', to: node, message: { hashes: reported, accusation } });
    }
    const accusation = verdict.accused.get(view.nodeId);
    const suspects = [...verdict.accused.keys()];
    if (accusation !== undefined) outputs.push({ kind: 'stop', index, accusation, suspects });
    return outputs;
  }

  /** What was collected at an index; undefined when it is older than everything that is remembered. */
  private at(index: number): Collected | undefined {
    const known = this.collected.get(index);
    if (known !== undefined) return known;
    if (this.collected.size >= comparisonsKept) {
      const oldest = Math.min(...this.collected.keys());
      if (index < oldest) return undefined;
      this.collected.delete(oldest);
    }
    const fresh: Collected = { reports: new Map(), told: 'open' };
    this.collected.set(index, fresh);
    return fresh;
  }
}

function areSame(one: StateHashes, other: StateHashes): boolean {
  return (
    one.appliedIndex === other.appliedIndex &&
    one.appliedTerm === other.appliedTerm &&
    one.currentRevision === other.currentRevision &&
    one.compactRevision === other.compactRevision &&
    one.isCompacting === other.isCompacting &&
    one.chainHash.low === other.chainHash.low &&
    one.chainHash.high === other.chainHash.high &&
    one.contentHash.low === other.contentHash.low &&
    one.contentHash.high === other.contentHash.high
  );
}
