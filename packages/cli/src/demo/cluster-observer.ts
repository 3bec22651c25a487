/** Turns what the nodes tell about themselves into events: who leads, and who has caught up. Data in, data out. */
import type { DemoEvent } from './events.js';

/** What one poll learned of one running node. */
export interface Observation {
  readonly node: number;
  readonly role: string;
  readonly term: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
}

export class ClusterObserver {
  #leader: { readonly node: number; readonly term: number } | undefined;
  /** Nodes started again → the commit index they have to reach; undefined until a leader told one. */
  readonly #catchingUp = new Map<number, number | undefined>();

  /** The leader as last observed. */
  get leader(): number | undefined {
    return this.#leader?.node;
  }

  /** A node was started again: its catching up will be told. */
  nodeStarted(node: number): void {
    this.#catchingUp.set(node, undefined);
  }

  /** A node ended: nothing more is expected of it. */
  nodeEnded(node: number): void {
    this.#catchingUp.delete(node);
  }

  /** The events between the last poll and this one. */
  observe(seen: readonly Observation[]): readonly DemoEvent[] {
    // Two nodes may call themselves leader for a moment; the higher term is right.
    const leaders = seen.filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term);
    return [...this.#leaderEvents(leaders[0]), ...this.#caughtUpEvents(seen, leaders[0])];
  }

  #leaderEvents(leader: Observation | undefined): readonly DemoEvent[] {
    const before = this.#leader;
    if (leader === undefined) {
      this.#leader = undefined;
      return before === undefined ? [] : [{ event: 'noLeader' }];
    }
    const { node, term } = leader;
    if (before?.node === node && before.term === term) return [];
    this.#leader = { node, term };
    return [{ event: 'leader', node, term }];
  }

  #caughtUpEvents(seen: readonly Observation[], leader: Observation | undefined): readonly DemoEvent[] {
    const events: DemoEvent[] = [];
    for (const [node, target] of this.#catchingUp) {
      const own = seen.find((each) => each.node === node);
      if (own === undefined || leader === undefined) continue;
      // The first target is fixed: a busy cluster never stands still, and yet the node caught up with what was there.
      const wanted = target ?? leader.commitIndex;
      this.#catchingUp.set(node, wanted);
      if (own.appliedIndex < wanted) continue;
      this.#catchingUp.delete(node);
      events.push({ event: 'caughtUp', node });
    }
    return events;
  }
}
