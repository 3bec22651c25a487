/**
 * A membership being changed: copies of a tracker's configuration and Progress map that single changes are applied to.
 */
import type { NodeId } from '../types.js';
import type { Progress } from '../tracker/progress.js';
import type { ProgressMap, Tracker, TrackerConfig } from '../tracker/tracker.js';
import type { ConfChangeSingle } from './conf-change.js';

/** Used once: made from a tracker, changed, finished. The tracker stays as it is. */
export class Draft {
  readonly incoming: Set<NodeId>;
  readonly outgoing: Set<NodeId>;
  readonly learners: Set<NodeId>;
  readonly learnersNext: Set<NodeId>;
  readonly progress = new Map<NodeId, Progress>();
  autoLeave: boolean;
  readonly #tracker: Tracker;
  readonly #nextIndex: number;

  /** `lastIndex` is the leader's, where probing a new member starts. */
  constructor(tracker: Tracker, lastIndex: number) {
    const { voters, learners, learnersNext, autoLeave } = tracker.config;
    this.incoming = new Set(voters.incoming);
    this.outgoing = new Set(voters.outgoing);
    this.learners = new Set(learners);
    this.learnersNext = new Set(learnersNext);
    this.autoLeave = autoLeave;
    this.#tracker = tracker;
    this.#nextIndex = Math.max(lastIndex, 1);
    for (const [id, progress] of tracker.progress) this.progress.set(id, progress.clone());
  }

  get isJoint(): boolean {
    return this.outgoing.size > 0;
  }

  /** Applies one change; changes of node 0 and updates do nothing. */
  apply(change: ConfChangeSingle): void {
    if (change.nodeId === 0) return;
    switch (change.type) {
      case 'addVoter':
        this.#makeVoter(change.nodeId);
        return;
      case 'addLearner':
        this.#makeLearner(change.nodeId);
        return;
      case 'remove':
        this.#remove(change.nodeId);
        return;
      case 'update':
    }
  }

  /** Turns what waited for the end of the joint configuration into learners and forgets members of the outgoing half only. */
  leaveJoint(): void {
    for (const id of this.learnersNext) {
      this.learners.add(id);
      const progress = this.progress.get(id);
      if (progress !== undefined) progress.isLearner = true;
    }
    this.learnersNext.clear();
    for (const id of this.outgoing) {
      if (!this.incoming.has(id) && !this.learners.has(id)) this.progress.delete(id);
    }
    this.outgoing.clear();
    this.autoLeave = false;
  }

  /** The draft as a configuration. */
  finish(): { readonly config: TrackerConfig; readonly progress: ProgressMap } {
    const config: TrackerConfig = {
      voters: { incoming: ascending(this.incoming), outgoing: ascending(this.outgoing) },
      autoLeave: this.autoLeave,
      learners: ascending(this.learners),
      learnersNext: ascending(this.learnersNext),
    };
    return { config, progress: this.progress };
  }

  #makeVoter(id: NodeId): void {
    const progress = this.progress.get(id);
    if (progress === undefined) {
      this.#track(id, false);
    } else {
      progress.isLearner = false;
      this.learners.delete(id);
      this.learnersNext.delete(id);
    }
    this.incoming.add(id);
  }

  #makeLearner(id: NodeId): void {
    const progress = this.progress.get(id);
    if (progress === undefined) {
      this.#track(id, true);
      this.learners.add(id);
      return;
    }
    if (progress.isLearner) return;
    this.#remove(id);
    this.progress.set(id, progress);
    // A node can't be a voter of the outgoing half and a learner at once: it becomes one when the joint configuration is left.
    if (this.outgoing.has(id)) {
      this.learnersNext.add(id);
      return;
    }
    progress.isLearner = true;
    this.learners.add(id);
  }

  #remove(id: NodeId): void {
    if (!this.progress.has(id)) return;
    this.incoming.delete(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
    if (!this.outgoing.has(id)) this.progress.delete(id);
  }

  #track(id: NodeId, isLearner: boolean): void {
    const progress = this.#tracker.newProgress(0, this.#nextIndex, isLearner);
    // A new member had no chance to be heard yet: without this a quorum check could fail because of it.
    progress.isRecentlyActive = true;
    this.progress.set(id, progress);
  }
}

function ascending(ids: ReadonlySet<NodeId>): readonly NodeId[] {
  return [...ids].sort((a, b) => a - b);
}
