/**
 * What is known of each shard's members from looks at all replicas: the newest membership, and which ones may still be counted in. A replica that
 * starts again goes back to what it had flushed, so an older membership is over only when every member has flushed a later one.
 */
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import { decodeConfState } from '@kvorum/server/internal/shard/membership/conf-state-codec.js';
import type { Machine } from '../machine/machine.js';

/** A change that was asked for, until it is known what became of it. */
export interface Wanted {
  readonly shard: number;
  readonly target: ConfState;
  /** The leader's term; the entry is at or before `upTo`. */
  readonly term: number;
  readonly upTo: number;
}

interface ShardBook {
  /** By the index of the entry that made it so, ascending. */
  readonly changes: Map<number, ConfState>;
  /** What each machine has flushed; kept while it is off. */
  readonly flushed: Map<number, number>;
  appliedIndex: number;
  appliedTerm: number;
}

export class MemberBook {
  readonly #shards = new Map<number, ShardBook>();
  readonly #first: ConfState;
  readonly #machines: readonly Machine[];
  #wanted: Wanted[] = [];

  constructor(machines: readonly Machine[], first: ConfState) {
    this.#machines = machines;
    this.#first = first;
  }

  look(machine: Machine): void {
    for (const hosted of machine.shards?.all ?? []) {
      const { machine: state, confHistory } = hosted.replica;
      const book = this.#book(hosted.shard);
      book.flushed.set(machine.id, hosted.flushedIndex);
      for (const { index, confState } of confHistory.changes) {
        if (!book.changes.has(index)) book.changes.set(index, decodeConfState(confState));
      }
      if (state === undefined) continue;
      book.appliedIndex = Math.max(book.appliedIndex, state.appliedIndex);
      book.appliedTerm = Math.max(book.appliedTerm, state.appliedTerm);
    }
    this.#wanted = this.#wanted.filter(({ shard, term, upTo }) => {
      const { appliedIndex, appliedTerm } = this.#book(shard);
      return appliedTerm <= term && (appliedTerm < term || appliedIndex < upTo);
    });
  }

  /** A change may be on its way. */
  want(wanted: Wanted): void {
    this.#wanted.push(wanted);
  }

  /** It definitely is not. */
  forget(wanted: Wanted): void {
    this.#wanted = this.#wanted.filter((one) => one !== wanted);
  }

  /** The membership that was applied last, anywhere. */
  newest(shard: number): ConfState {
    const { changes } = this.#book(shard);
    return changes.get(Math.max(...changes.keys())) ?? this.#first;
  }

  isMember(shard: number, id: number): boolean {
    const { voters, votersOutgoing, learners } = this.newest(shard);
    return [...voters, ...votersOutgoing, ...learners].includes(id);
  }

  /** Synced bytes of the machine may be destroyed: in no membership that may be counted in, in no half of it, is more than a minority lost (R2). */
  mayLose(machine: Machine): boolean {
    const lost = new Set([...this.lost(), machine.id]);
    return [...this.#shards.keys()].every((shard) =>
      this.#possible(shard).every((confState) => isMinorityLost(confState, lost)),
    );
  }

  /** Machines whose synced bytes were destroyed, or whose state is wrong. */
  lost(): ReadonlySet<number> {
    return new Set(
      this.#machines
        .filter(({ isDamaged, isWiped, misreader }) => isDamaged || isWiped || misreader.isArmed)
        .map(({ id }) => id),
    );
  }

  /** Every membership that some member may count in now, or soon. */
  #possible(shard: number): readonly ConfState[] {
    const { changes, flushed } = this.#book(shard);
    const lost = this.lost();
    const alive = this.#machines.filter(({ id }) => this.isMember(shard, id) && !lost.has(id));
    const allHave = Math.min(...alive.map(({ id }) => flushed.get(id) ?? 0));
    const inOrder = [...changes].sort(([a], [b]) => a - b);
    const counted = inOrder.filter((_, i) => (inOrder[i + 1]?.[0] ?? Number.POSITIVE_INFINITY) > allHave);
    const wanted = this.#wanted.filter((one) => one.shard === shard);
    return [...counted.map(([, confState]) => confState), ...wanted.map(({ target }) => target)];
  }

  #book(shard: number): ShardBook {
    let book = this.#shards.get(shard);
    if (book === undefined) {
      const changes = new Map([[0, this.#first]]);
      book = { changes, flushed: new Map(), appliedIndex: 0, appliedTerm: 0 };
      this.#shards.set(shard, book);
    }
    return book;
  }
}

/** Whether each half keeps a majority, and somebody votes. */
export function isMinorityLost({ voters, votersOutgoing }: ConfState, lost: ReadonlySet<number>): boolean {
  const isFine = (half: readonly number[]): boolean =>
    half.filter((id) => lost.has(id)).length <= Math.floor((half.length - 1) / 2);
  return voters.length > 0 && isFine(voters) && (votersOutgoing.length === 0 || isFine(votersOutgoing));
}
