/** The membership of one shard as this replica has applied it: takes over committed changes, and remembers from which index on each was in effect. */
import { decodeConfChange } from '@kvorum/core/raft/confchange/codec.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import { decodeConfState, encodeConfState } from './conf-state-codec.js';
import type { ConfHistory } from './conf-history.js';
import { memberKind } from './membership.js';

/** What a membership in effect changes. */
export interface AppliedMembershipDeps {
  readonly raw: RawNode;
  readonly history: ConfHistory;
  /** This membership is in effect on this replica. */
  readonly onEffect: (confState: ConfState) => void;
}

/** One per replica. */
export class AppliedMembership {
  private isMemberNow = false;
  private readonly deps: AppliedMembershipDeps;

  /** @param confState in effect at the start, encoded */
  constructor(deps: AppliedMembershipDeps, confState: Uint8Array) {
    this.deps = deps;
    this.takeEffect(decodeConfState(confState));
  }

  /** Whether this replica is a member of its shard, as far as it knows: others have nobody to ask. */
  get isMember(): boolean {
    return this.isMemberNow;
  }

  /** Makes the core take over a committed change; gives the new ConfState, encoded. */
  change(entry: Entry): Uint8Array {
    const confState = this.deps.raw.applyConfChange(decodeConfChange(entry.data));
    const encoded = encodeConfState(confState);
    this.takeEffect(confState);
    this.deps.history.note(entry.index, encoded);
    return encoded;
  }

  /** A snapshot at `index` was installed, with this ConfState, encoded. */
  restart(index: number, confState: Uint8Array): void {
    this.deps.history.restart(index, confState);
    this.takeEffect(decodeConfState(confState));
  }

  private takeEffect(confState: ConfState): void {
    this.isMemberNow = memberKind(confState, this.deps.raw.id) !== 'none';
    this.deps.onEffect(confState);
  }
}
