/** R26 on cores alone: links that fail in part. Whole nodes are on the same stage in the simulator's partial-connectivity.test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLogStorage } from './memory-log-storage.js';
import { RawNode } from './raw-node.js';
import { confStateOf } from './snapshot.js';

const ELECTION_TICKS = 10;
/** Ten minutes of ticks of 100 ms. */
const TEN_MINUTES = 6000;

class Group {
  readonly nodes: readonly RawNode[];
  readonly #storages: readonly MemoryLogStorage[];
  /** Links that are cut, both ways. */
  readonly #cuts: ReadonlySet<string>;
  leaders: string[] = [];

  constructor(size: number, preVote: boolean, cuts: readonly (readonly [number, number])[]) {
    const ids = Array.from({ length: size }, (_, at) => at + 1);
    this.#storages = ids.map(() => new MemoryLogStorage(confStateOf(ids)));
    this.#cuts = new Set(cuts.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
    this.nodes = this.#storages.map((storage, at) => {
      let draws = at;
      const random = (): number => {
        draws += 1;
        return (draws * 0.37) % 1;
      };
      return new RawNode({ id: at + 1, electionTicks: ELECTION_TICKS, heartbeatTicks: 1, storage, random, preVote });
    });
    this.nodes[0]?.campaign();
    this.#settle(new Set());
  }

  /** A tick of every node, and all messages that come of it. */
  tick(): void {
    for (const node of this.nodes) node.tick();
    this.#settle(this.#cuts);
  }

  #settle(cuts: ReadonlySet<string>): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const [at, node] of this.nodes.entries()) {
        if (!node.hasReady) continue;
        isBusy = true;
        const { softState, hardState, entries, messages } = node.ready();
        if (softState?.role === 'leader') this.leaders.push(`${node.id} in term ${node.term}`);
        this.#storages[at]?.append(entries);
        if (hardState !== null) this.#storages[at]?.setHardState(hardState);
        for (const message of messages) {
          if (!cuts.has(`${message.from} ${message.to}`)) this.nodes[message.to - 1]?.step(message);
        }
        node.advance();
      }
    }
  }
}

for (const size of [3, 5]) {
  test(`R26: of ${size} nodes one that is cut off from the leader only changes no leader in ten minutes`, () => {
    const group = new Group(size, true, [[1, 2]]);
    for (let ticks = 0; ticks < TEN_MINUTES; ticks += 1) group.tick();
    assert.deepEqual(group.leaders, ['1 in term 1']);
  });
}

test('R26: without pre-vote the same node goes on to ever newer terms', () => {
  const group = new Group(3, false, [[1, 2]]);
  for (let ticks = 0; ticks < 10 * ELECTION_TICKS; ticks += 1) group.tick();
  assert.ok((group.nodes[1]?.term ?? 0) > 3);
});
