/**
 * The transport between nodes: listens, dials, shakes hands, and hands what arrives to the shard host. One connection per pair of nodes, all shards
 * on it; a snapshot gets one of its own.
 *
 * It must never deliver or send a Raft message before this node is formed (R5), and never wait: what can't be queued is dropped.
 */
import { assert } from '@kvorum/core/base/assert.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Env, Timer } from '../env/env.js';
import type { Address, Connection, Listener } from '../env/network.js';
import type { ComparisonMessage } from './comparison-codec.js';
import type { FreshnessMessage } from './freshness-codec.js';
import type { FrameLink, FrameLinkOptions } from './frame-link.js';
import { Greeter } from './greeter.js';
import { CLIENT_ADDRESS_BYTES_MAX, type Hello, VERSION_BYTES_MAX, ZONE_BYTES_MAX } from './handshake-codec.js';
import { Pacer } from './pacer.js';
import { Peer, type PeerCounters } from './peer.js';
import { SNAPSHOT_FRAME_BYTES_MAX } from './snapshot-frames.js';
import { SnapshotStreamReceiver } from './snapshot-stream-receiver.js';
import { SnapshotStreamSender } from './snapshot-stream-sender.js';
import {
  type ForwardAnswer,
  type Identity,
  type IncarnationRegistry,
  type Introduction,
  type OutgoingSnapshot,
  type Transport,
  TransportError,
  type TransportHandler,
} from './transport.js';
import type { TransportOptions } from './transport-options.js';
import { encodeText } from './wire.js';

/** How long `close` lets peers take what is queued before it cuts them off. */
const CLOSE_MS_MAX = 500;

/** Connections of any kind and state that each peer adds to the total allowed: its own, snapshots, and some that are closing. */
export const LINKS_PER_PEER_MAX = 8;

/** What a transport needs. */
export interface PeerTransportDeps {
  readonly env: Pick<Env, 'clock' | 'random' | 'network' | 'log'>;
  readonly identity: Identity;
  readonly registry: IncarnationRegistry;
}

/** See {@link Transport}. */
export class PeerTransport implements Transport {
  readonly #deps: PeerTransportDeps;
  readonly #options: TransportOptions;
  readonly #linkLimits: FrameLinkOptions;
  readonly #greeter: Greeter;
  readonly #pacer: Pacer;
  readonly #peers = new Map<number, Peer>();
  readonly #links = new Set<FrameLink>();
  readonly #linksMax: number;
  readonly #dirty = new Set<Peer>();
  readonly #flush = () => this.flush();
  #handler: TransportHandler | undefined;
  #listener: Listener | undefined;
  #ticker: Timer | undefined;
  #isFlushing = false;
  #isFormed = false;
  #closing: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #snapshotsOut = 0;
  #snapshotsIn = 0;

  constructor(deps: PeerTransportDeps, options: TransportOptions) {
    checkIdentity(deps.identity);
    this.#deps = deps;
    this.#options = options;
    this.#pacer = new Pacer(deps.env.clock, options.snapshotBytesPerSecond);
    this.#linksMax = options.handshakesMax + options.peers.size * LINKS_PER_PEER_MAX;
    this.#linkLimits = {
      handshakeTicksMax: Math.ceil(options.handshakeMsMax / options.keepAliveMs),
      silentTicksMax: Math.ceil(options.silenceMsMax / options.keepAliveMs),
    };
    this.#greeter = new Greeter(
      {
        log: deps.env.log,
        registry: deps.registry,
        identity: deps.identity,
        track: (link) => this.#links.add(link),
        onLinkGone: (link) => this.#onLinkGone(link),
        canTakeSnapshot: () => this.#snapshotsIn < options.snapshotsMax,
        isFormed: () => this.isFormed,
        onRefusedBy: (peer, refusal) => this.#handler?.onRefusedBy(peer, refusal),
        peerOf: (id) => this.#peers.get(id),
      },
      this.#linkLimits,
    );
  }

  /** Starts to listen and to dial. Fails with a NetworkError when it can't listen. Returns the address that was bound. */
  async start(handler: TransportHandler): Promise<Address> {
    this.#handler = handler;
    const { clock, random, network } = this.#deps.env;
    const deps = {
      clock,
      random,
      network,
      handler,
      isFormed: () => this.isFormed,
      onDialed: (peer: Peer, connection: Connection) => this.#onDialed(peer, connection),
      onLost: (peer: Peer, reason: string) => this.#deps.env.log.info('peer disconnected', { peer: peer.id, reason }),
    };
    for (const id of this.#options.peers.keys()) {
      this.#peers.set(id, new Peer(deps, id, this.#deps.identity, this.#options));
    }
    this.#listener = await network.listen(this.#options.listen, (connection) => this.#onAccepted(connection));
    if (this.#closing !== undefined) {
      await this.#listener.close();
      throw new TransportError('TRANSPORT_CLOSED', 'the transport was closed while it started');
    }
    this.#ticker = clock.setInterval(this.#options.keepAliveMs, () => this.#tick());
    for (const peer of this.#peers.values()) peer.start();
    return this.#listener.address;
  }

  /** Whether this node may vote and acknowledge. */
  get isFormed(): boolean {
    this.#isFormed ||= this.#deps.registry.isComplete();
    return this.#isFormed;
  }

  send(to: number, shard: number, message: Message): boolean {
    const peer = this.#peers.get(to);
    if (peer === undefined || !this.isFormed) return false;
    if (peer.connection?.send(shard, message) === true) {
      this.#mark(peer);
      return true;
    }
    peer.counters.droppedMessages += 1;
    return false;
  }

  forward(to: number, shard: number, requestId: number, commands: readonly Uint8Array[]): boolean {
    const peer = this.#peers.get(to);
    if (peer === undefined || !this.isFormed) return false;
    if (peer.connection?.forward(shard, requestId, commands) === true) {
      this.#mark(peer);
      return true;
    }
    peer.counters.droppedForwards += 1;
    return false;
  }

  answer(to: number, shard: number, requestId: number, answer: ForwardAnswer): void {
    const peer = this.#peers.get(to);
    if (peer?.connection === undefined) return;
    peer.connection.answer(shard, requestId, answer);
    this.#mark(peer);
  }

  compare(to: number, shard: number, message: ComparisonMessage): void {
    const peer = this.#peers.get(to);
    if (peer?.connection === undefined || !this.isFormed) return;
    peer.connection.compare(shard, message);
    this.#mark(peer);
  }

  tellFreshness(to: number, shard: number, message: FreshnessMessage): void {
    const peer = this.#peers.get(to);
    if (peer?.connection === undefined || !this.isFormed) return;
    peer.connection.tellFreshness(shard, message);
    this.#mark(peer);
  }

  flush(): void {
    this.#isFlushing = false;
    for (const peer of this.#dirty) peer.connection?.flush();
    this.#dirty.clear();
  }

  async sendSnapshot(to: number, shard: number, snapshot: OutgoingSnapshot): Promise<'installed' | 'refused'> {
    const address = this.#options.peers.get(to);
    if (this.#closing !== undefined) throw new TransportError('TRANSPORT_CLOSED', 'the transport is closed');
    if (address === undefined || !this.isFormed) throw new TransportError('SNAPSHOT_LOST', `node ${to} is not met yet`);
    if (this.#snapshotsOut >= this.#options.snapshotsMax) {
      throw new TransportError('SNAPSHOT_BUSY', `${this.#snapshotsOut} snapshots are being sent already`);
    }
    this.#snapshotsOut += 1;
    try {
      const sender = await this.#dialForSnapshot(to, address);
      return await sender.run(shard, snapshot);
    } finally {
      this.#snapshotsOut -= 1;
    }
  }

  isConnected(to: number): boolean {
    return this.#peers.get(to)?.connection !== undefined;
  }

  introductionOf(to: number): Introduction | undefined {
    return this.#peers.get(to)?.introduction;
  }

  metPeers(): readonly number[] {
    const met = [...this.#peers.values()].filter((peer) => peer.hasMet);
    return met.map((peer) => peer.id).sort((a, b) => a - b);
  }

  /** Counters of a peer, for metrics; with what waits for it at the moment. */
  countersOf(peer: number): (Readonly<PeerCounters> & { readonly queuedBytes: number }) | undefined {
    const found = this.#peers.get(peer);
    return found && { ...found.counters, queuedBytes: found.connection?.queuedBytes ?? 0 };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.flush();
    for (const peer of this.#peers.values()) peer.close();
    await this.#listener?.close();
    for (const link of this.#links) link.end('the node stops');
    const timer = this.#deps.env.clock.setTimer(CLOSE_MS_MAX, () => {
      for (const link of this.#links) link.destroy('the node stops');
    });
    if (this.#links.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    timer.cancel();
    this.#ticker?.cancel();
  }

  #tick(): void {
    this.#greeter.tick();
    for (const link of this.#links) link.tick();
  }

  /** The peer has something to send; it leaves at the end of the turn unless the host flushes before. */
  #mark(peer: Peer): void {
    this.#dirty.add(peer);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#deps.env.clock.defer(this.#flush);
  }

  #onDialed(peer: Peer, connection: Connection): void {
    this.#greeter.greet(
      connection,
      { kind: 'dialer', expectedNodeId: peer.id, purpose: 'peer' },
      {
        onEstablished: (link, hello) => this.#attach(peer, link, hello),
        onFailed: (reason) => {
          this.#deps.env.log.debug('handshake failed', { peer: peer.id, reason });
          peer.dialAgain();
        },
      },
    );
  }

  #onAccepted(connection: Connection): void {
    const isFull = this.#greeter.acceptedCount >= this.#options.handshakesMax || this.#links.size >= this.#linksMax;
    if (this.#closing !== undefined || isFull) {
      connection.destroy();
      return;
    }
    this.#greeter.greet(
      connection,
      { kind: 'acceptor' },
      {
        onEstablished: (link, hello) => this.#onVisitor(link, hello),
        onFailed: (reason) => this.#deps.env.log.debug('handshake failed', { reason }),
      },
    );
  }

  #onVisitor(link: FrameLink, hello: Hello): void {
    const peer = this.#peers.get(hello.nodeId);
    if (peer === undefined) {
      link.destroy('not a peer');
      return;
    }
    if (hello.purpose === 'peer') this.#attach(peer, link, hello);
    else this.#receiveSnapshot(peer, link, hello);
  }

  #attach(peer: Peer, link: FrameLink, hello: Hello): void {
    this.#deps.env.log.info('peer connected', { peer: peer.id, remote: link.remote });
    peer.attach(link, hello);
  }

  #receiveSnapshot(peer: Peer, link: FrameLink, hello: Hello): void {
    const handler = this.#handler;
    if (handler === undefined || this.#snapshotsIn >= this.#options.snapshotsMax) {
      link.destroy('too many snapshots at a time');
      return;
    }
    peer.met(hello);
    this.#snapshotsIn += 1;
    const receiver = new SnapshotStreamReceiver({
      link,
      ownId: this.#deps.identity.nodeId,
      peerId: peer.id,
      handler,
      onInstallFailed: (error) =>
        this.#deps.env.log.warn('installing a snapshot failed', { peer: peer.id, error: String(error) }),
      onDone: () => {
        this.#snapshotsIn -= 1;
      },
    });
    link.open(receiver, SNAPSHOT_FRAME_BYTES_MAX, peer.counters);
  }

  async #dialForSnapshot(to: number, address: Address): Promise<SnapshotStreamSender> {
    const { clock, network } = this.#deps.env;
    let connection: Connection;
    try {
      connection = await network.connect(address, this.#options.connectTimeoutMs);
    } catch (cause) {
      throw new TransportError('SNAPSHOT_LOST', `dialing node ${to} for a snapshot failed`, cause);
    }
    if (this.#closing !== undefined) {
      connection.destroy();
      throw new TransportError('TRANSPORT_CLOSED', 'the transport is closed');
    }
    return new Promise((resolve, reject) => {
      this.#greeter.greet(
        connection,
        { kind: 'dialer', expectedNodeId: to, purpose: 'snapshot' },
        {
          onEstablished: (link) => {
            const sender = new SnapshotStreamSender(link, clock, this.#pacer);
            const counters = this.#peers.get(to)?.counters;
            if (counters !== undefined) link.open(sender, SNAPSHOT_FRAME_BYTES_MAX, counters);
            resolve(sender);
          },
          onFailed: (reason) => reject(new TransportError('SNAPSHOT_LOST', `no snapshot to node ${to}: ${reason}`)),
        },
      );
    });
  }

  #onLinkGone(link: FrameLink): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#onEmpty?.();
  }
}

/** An identity that can't be told to a peer is a bug of the caller. */
function checkIdentity({ clusterId, epoch, nodeId, incarnation, clientAddress, zone, version }: Identity): void {
  assert(/^[0-9a-f]{16}$/.test(clusterId), 'a cluster id is 16 hex digits');
  assert(/^[0-9a-f]{16}$/.test(incarnation), 'an incarnation is 16 hex digits');
  assert(Number.isSafeInteger(nodeId) && nodeId > 0, 'a node id is a positive integer');
  assert(Number.isSafeInteger(epoch) && epoch >= 0, 'an epoch is a natural number');
  assert(encodeText(clientAddress).length <= CLIENT_ADDRESS_BYTES_MAX, 'the client address is too long');
  assert(encodeText(zone).length <= ZONE_BYTES_MAX, 'the name of the zone is too long');
  assert(encodeText(version).length <= VERSION_BYTES_MAX, 'the version is too long');
}
