/** Whole transports over a network in memory, in a time that the test moves. */
import assert from 'node:assert/strict';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { MemoryNetwork } from '../../env/testing/memory-network.js';
import { createSeededRandom } from '../../env/testing/seeded-random.js';
import type { Identity } from '../transport.js';
import type { TransportOptions } from '../transport-options.js';
import { identityOf, type MemoryRegistry, makeNode, type TestNode } from './rig.js';

/** A cluster in memory whose time the test moves. */
export class Cluster {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly addresses: ReadonlyMap<number, { host: string; port: number }>;
  readonly options: Partial<TransportOptions>;
  readonly #random = createSeededRandom(1);

  constructor(size: number, options: Partial<TransportOptions> = {}) {
    const ids = Array.from({ length: size }, (_, n) => n + 1);
    this.addresses = new Map(ids.map((id) => [id, { host: `n${id}`, port: 2380 }]));
    this.options = options;
  }

  async start(id: number, identity: Identity = identityOf(id), registry?: MemoryRegistry): Promise<TestNode> {
    const env = { clock: this.clock, random: this.#random, network: this.network.host(`n${id}`) };
    const node = makeNode(env, identity, this.addresses, this.options, registry);
    await node.transport.start(node.handler);
    return node;
  }

  async startAll(): Promise<TestNode[]> {
    const nodes: TestNode[] = [];
    for (const id of this.addresses.keys()) nodes.push(await this.start(id));
    await this.pass(300);
    return nodes;
  }

  /** Lets time pass, with all that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10);
      await turn();
    }
  }

  /** Ends a node's process at once. */
  async kill(id: number, node: TestNode): Promise<void> {
    const closing = node.transport.close();
    this.network.resetHost(`n${id}`);
    await this.pass(50);
    await closing;
  }
}

/** Lets everything happen that needs no time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An item that must be there. */
export function at<T>(list: readonly T[], n: number): T {
  const item = list[n];
  assert.ok(item !== undefined, `no item ${n}`);
  return item;
}
