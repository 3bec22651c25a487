/** State machine safety (Raft, figure 3; R14): replicas that applied up to the same index applied the same. */
import type { ReplicaView } from './replica-view.js';
import type { Report } from './violation.js';

export class StateMachineSafety {
  readonly #chains = new Map<string, { readonly chainHash: string; readonly node: number }>();
  readonly #report: Report;
  /** States of one index seen on two nodes. */
  comparisons = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  look({ shard, node, state }: ReplicaView): void {
    if (state === undefined) return;
    const key = `${shard} ${state.appliedIndex}`;
    const known = this.#chains.get(key);
    if (known === undefined) {
      this.#chains.set(key, { chainHash: state.chainHash, node });
      return;
    }
    if (known.node !== node) this.comparisons += 1;
    if (known.chainHash === state.chainHash) return;
    this.#report(`shard ${shard} at index ${state.appliedIndex}: node ${node} and node ${known.node} differ`);
  }
}
