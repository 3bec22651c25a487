/**
 * Log matching (Raft, figure 3): entries of the same index and term hold the same, and follow entries of the same term. Looks at what is new in a log
 * since the last look, and now and then at all of it.
 */
import { crc32 } from 'node:zlib';
import type { ReplicaView } from './replica-view.js';
import type { Report } from './violation.js';

interface SeenEntry {
  readonly term: number;
  readonly previousTerm: number;
  readonly content: number;
}

/** Every so many looks at a log all of it is looked at. */
const FULL_LOOK_EVERY = 50;

export class LogMatching {
  readonly #entries = new Map<string, SeenEntry[]>();
  readonly #looks = new Map<string, { index: number; term: number; count: number }>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  look(view: ReplicaView): void {
    const { log, shard, node, process } = view;
    const key = `${node} ${process} ${shard}`;
    const last = this.#looks.get(key) ?? { index: 0, term: 0, count: 0 };
    const isFull = last.count % FULL_LOOK_EVERY === 0 || log.term(last.index) !== last.term;
    const from = isFull ? log.firstIndex() : Math.max(log.firstIndex(), last.index + 1);
    const to = view.stableIndex;
    this.#looks.set(key, { index: to, term: numberOr0(log.term(to)), count: last.count + 1 });
    if (from > to) return;
    const entries = log.entries(from, to + 1, Number.POSITIVE_INFINITY);
    if (typeof entries !== 'object') return;
    let previousTerm = numberOr0(log.term(from - 1));
    for (const { index, term, type, data } of entries) {
      this.#check(view, index, { term, previousTerm, content: crc32(data) + (type === 'normal' ? 0 : 2 ** 32) });
      previousTerm = term;
    }
  }

  #check({ shard, node }: ReplicaView, index: number, found: SeenEntry): void {
    const key = `${shard} ${index}`;
    const known = this.#entries.get(key) ?? [];
    const same = known.find(({ term }) => term === found.term);
    if (same === undefined) {
      this.#entries.set(key, [...known, found]);
      return;
    }
    const where = `entry ${index} of term ${found.term} in shard ${shard}`;
    if (same.content !== found.content) this.#report(`${where} differs on node ${node}`);
    if (same.previousTerm !== found.previousTerm) {
      this.#report(
        `${where} follows term ${found.previousTerm} on node ${node} and term ${same.previousTerm} elsewhere`,
      );
    }
  }
}

function numberOr0(term: unknown): number {
  return typeof term === 'number' ? term : 0;
}
