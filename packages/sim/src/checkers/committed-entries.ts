/**
 * What is committed stays (Raft, figure 3): no two nodes ever take different entries for committed at one index, and (leader completeness) whoever wins an
 * election holds all entries that were committed in earlier terms.
 */
import type { ReplicaView } from './replica-view.js';
import type { Report } from './violation.js';

interface Committed {
  /** Term of each committed entry, by index. */
  readonly terms: Map<number, number>;
  /** Term of a node that took it for committed: the entry was committed in that term or an earlier one. */
  readonly seenInTerm: Map<number, number>;
  last: number;
}

/** What a new leader must hold, looked at when its log shows that much. */
interface Demand {
  readonly node: number;
  readonly process: number;
  readonly shard: number;
  readonly term: number;
  readonly upTo: number;
}

export class CommittedEntries {
  readonly #shards = new Map<number, Committed>();
  readonly #verified = new Map<string, number>();
  #demands: Demand[] = [];
  readonly #reportCommit: Report;
  readonly #reportLeader: Report;

  constructor(reportCommit: Report, reportLeader: Report) {
    this.#reportCommit = reportCommit;
    this.#reportLeader = reportLeader;
  }

  /** A node has just won an election. */
  leads(node: number, process: number, shard: number, term: number): void {
    const committed = this.#of(shard);
    let upTo = committed.last;
    while (upTo > 0 && (committed.seenInTerm.get(upTo) ?? 0) >= term) upTo -= 1;
    this.#demands.push({ node, process, shard, term, upTo });
  }

  look(view: ReplicaView): void {
    this.#checkDemands(view);
    const { log, shard, node, process } = view;
    const committed = this.#of(shard);
    const key = `${node} ${process} ${shard}`;
    const to = Math.min(view.commit, view.stableIndex);
    const from = Math.max(log.firstIndex(), (this.#verified.get(key) ?? 0) + 1);
    for (let index = from; index <= to; index++) {
      const term = log.term(index);
      if (typeof term !== 'number') continue;
      const known = committed.terms.get(index);
      if (known === undefined) {
        committed.terms.set(index, term);
        committed.seenInTerm.set(index, view.term);
      } else if (known !== term) {
        this.#reportCommit(
          `shard ${shard}, index ${index}: node ${node} has committed term ${term}, another one term ${known}`,
        );
      }
    }
    committed.last = Math.max(committed.last, to);
    this.#verified.set(key, Math.max(to, this.#verified.get(key) ?? 0));
  }

  #checkDemands(view: ReplicaView): void {
    if (this.#demands.length === 0) return;
    this.#demands = this.#demands.filter((demand) => {
      const isMine = demand.node === view.node && demand.shard === view.shard;
      if (!isMine) return true;
      const isOver = demand.process !== view.process || view.term !== demand.term || view.role !== 'leader';
      if (isOver) return false;
      if (view.lastIndex < demand.upTo) {
        this.#reportLeader(`${this.#name(demand)} ends at ${view.lastIndex}, ${demand.upTo} was committed before`);
        return false;
      }
      if (view.stableIndex < demand.upTo) return true;
      this.#checkHeld(view, demand);
      return false;
    });
  }

  #checkHeld(view: ReplicaView, demand: Demand): void {
    const committed = this.#of(demand.shard);
    for (let index = view.log.firstIndex(); index <= demand.upTo; index++) {
      const known = committed.terms.get(index);
      const held = view.log.term(index);
      if (known === undefined || held === known) continue;
      this.#reportLeader(`${this.#name(demand)} holds term ${String(held)} at ${index}, committed is term ${known}`);
      return;
    }
  }

  #name({ node, shard, term }: Demand): string {
    return `the log of node ${node}, leader of shard ${shard} in term ${term},`;
  }

  #of(shard: number): Committed {
    let committed = this.#shards.get(shard);
    if (committed === undefined) {
      committed = { terms: new Map(), seenInTerm: new Map(), last: 0 };
      this.#shards.set(shard, committed);
    }
    return committed;
  }
}
