/** Transports of a test: nodes over any network, with a registry in memory and a handler that keeps what arrives. */
import type { Env } from '../../env/env.js';
import type { Address } from '../../env/network.js';
import { silentLog } from '../../env/silent-log.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { ComparisonMessage } from '../comparison-codec.js';
import type { FreshnessMessage } from '../freshness-codec.js';
import type { Refusal } from '../handshake-codec.js';
import { PeerTransport } from '../peer-transport.js';
import type { ForwardAnswer, Identity, IncarnationRegistry, IncomingSnapshot, TransportHandler } from '../transport.js';
import { TRANSPORT_DEFAULTS, type TransportOptions } from '../transport-options.js';

export const CLUSTER = 'c0ffee0000000001';

/** Incarnation of a node in tests. */
export function incarnationOf(nodeId: number, generation = 1): string {
  return `${generation}`.padStart(8, '0') + `${nodeId}`.padStart(8, '0');
}

export function identityOf(nodeId: number, generation = 1): Identity {
  return {
    clusterId: CLUSTER,
    epoch: 1,
    nodeId,
    incarnation: incarnationOf(nodeId, generation),
    clientAddress: `client-${nodeId}:2379`,
    zone: `zone-${nodeId}`,
    version: '1.2.3',
  };
}

/** Outlives its node, as the file does. `hold` keeps syncs from ending. */
export class MemoryRegistry implements IncarnationRegistry {
  readonly known = new Map<number, string>();
  readonly confirmed = new Set<number>();
  readonly syncs: string[] = [];
  readonly #others: readonly number[];
  #held: (() => void)[] | undefined;

  constructor(others: readonly number[]) {
    this.#others = others;
  }

  lookup(nodeId: number): string | undefined | 'unknownNode' {
    return this.#others.includes(nodeId) ? this.known.get(nodeId) : 'unknownNode';
  }

  /** As if the handshake with the node had been done before. */
  meet(nodeId: number): void {
    this.known.set(nodeId, incarnationOf(nodeId));
    this.confirmed.add(nodeId);
  }

  async register(nodeId: number, incarnation: string): Promise<void> {
    await this.#sync();
    const known = this.known.get(nodeId);
    if (known !== undefined && known !== incarnation) throw new Error('another incarnation');
    this.known.set(nodeId, incarnation);
    this.syncs.push(`register ${nodeId}`);
  }

  isConfirmed(nodeId: number): boolean {
    return this.confirmed.has(nodeId);
  }

  async confirm(nodeId: number): Promise<void> {
    await this.#sync();
    this.confirmed.add(nodeId);
    this.syncs.push(`confirm ${nodeId}`);
  }

  isComplete(): boolean {
    return this.#others.every((id) => this.known.has(id) && this.confirmed.has(id));
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  #sync(): Promise<void> {
    const held = this.#held;
    return held === undefined ? Promise.resolve() : new Promise((resolve) => held.push(resolve));
  }
}

/** Keeps all that arrives, as text where order matters. */
export class RecordingHandler implements TransportHandler {
  readonly events: string[] = [];
  readonly messages: { readonly from: number; readonly shard: number; readonly message: Message }[] = [];
  readonly forwards: { readonly from: number; readonly requestId: number; readonly commands: Uint8Array[] }[] = [];
  readonly answers: { readonly requestId: number; readonly answer: ForwardAnswer }[] = [];
  readonly comparisons: { readonly from: number; readonly shard: number; readonly message: ComparisonMessage }[] = [];
  readonly freshness: { readonly from: number; readonly shard: number; readonly message: FreshnessMessage }[] = [];
  readonly refusals: { readonly peer: number; readonly refusal: Refusal }[] = [];
  snapshotReader: (snapshot: IncomingSnapshot) => Promise<boolean> = () => Promise.resolve(false);
  onAny: () => void = () => {};

  onMessage(from: number, shard: number, message: Message): void {
    const entries = message.entries.map((entry) => ({ ...entry, data: new Uint8Array(entry.data) }));
    this.messages.push({ from, shard, message: { ...message, entries } });
    this.onAny();
  }

  onForward(from: number, _shard: number, requestId: number, commands: readonly Uint8Array[]): void {
    this.forwards.push({ from, requestId, commands: commands.map((command) => new Uint8Array(command)) });
    this.onAny();
  }

  onAnswer(_from: number, _shard: number, requestId: number, answer: ForwardAnswer): void {
    this.answers.push({ requestId, answer });
    this.onAny();
  }

  onComparison(from: number, shard: number, message: ComparisonMessage): void {
    this.comparisons.push({ from, shard, message });
    this.onAny();
  }

  onFreshness(from: number, shard: number, message: FreshnessMessage): void {
    this.freshness.push({ from, shard, message });
    this.onAny();
  }

  onSnapshot(snapshot: IncomingSnapshot): Promise<boolean> {
    return this.snapshotReader(snapshot);
  }

  onConnected(peer: number): void {
    this.events.push(`connected ${peer}`);
    this.onAny();
  }

  onDisconnected(peer: number): void {
    this.events.push(`disconnected ${peer}`);
    this.onAny();
  }

  onDialRefused(peer: number): void {
    this.events.push(`refused dial ${peer}`);
    this.onAny();
  }

  onRefusedBy(peer: number, refusal: Refusal): void {
    this.refusals.push({ peer, refusal });
    this.onAny();
  }
}

/** Every field has a value of its own. */
export const sampleComparison: ComparisonMessage = {
  hashes: {
    appliedIndex: 11,
    appliedTerm: 2,
    currentRevision: 9,
    compactRevision: 3,
    isCompacting: true,
    chainHash: { low: 0xffff_fff1, high: 2 },
    contentHash: { low: 3, high: 0x8000_0004 },
  },
  accusation: { cause: 'minority', differsIn: 'content' },
};

/** A node of a test. */
export interface TestNode {
  readonly transport: PeerTransport;
  readonly handler: RecordingHandler;
  readonly registry: MemoryRegistry;
}

/** Makes a node's transport, not started. */
export function makeNode(
  env: Pick<Env, 'clock' | 'random' | 'network'>,
  identity: Identity,
  addresses: ReadonlyMap<number, Address>,
  options: Partial<TransportOptions> = {},
  registry?: MemoryRegistry,
): TestNode {
  const listen = addresses.get(identity.nodeId) ?? { host: '127.0.0.1', port: 0 };
  const peers = new Map([...addresses].filter(([id]) => id !== identity.nodeId));
  const known = registry ?? new MemoryRegistry([...peers.keys()]);
  const transport = new PeerTransport(
    { env: { ...env, log: silentLog }, identity, registry: known },
    { ...TRANSPORT_DEFAULTS, listen, peers, ...options },
  );
  return { transport, handler: new RecordingHandler(), registry: known };
}
