/**
 * Membership is part of the state (R9): replicas that applied up to the same index apply the same ConfState, and the core of a replica counts in the
 * membership that its state machine holds.
 */
import type { ReplicaView } from './replica-view.js';
import type { Report } from './violation.js';

export class ConfStateAgreement {
  readonly #seen = new Map<string, { readonly confState: string; readonly node: number }>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  look({ shard, node, state, coreConfState }: ReplicaView): void {
    if (state === undefined) return;
    const { appliedIndex, confState } = state;
    if (coreConfState !== undefined && coreConfState !== confState) {
      this.#report(`shard ${shard}: the core of node ${node} counts in ${coreConfState}, its state holds ${confState}`);
    }
    const key = `${shard} ${appliedIndex}`;
    const known = this.#seen.get(key);
    if (known === undefined) this.#seen.set(key, { confState, node });
    else if (known.confState !== confState) {
      const both = `${confState} on node ${node}, ${known.confState} on node ${known.node}`;
      this.#report(`shard ${shard} at index ${appliedIndex}: ${both}`);
    }
  }
}
