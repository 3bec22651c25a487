/** One other node of the cluster: its connection, when there is one, and what is known of it. */
import type { Clock, Random } from '../env/env.js';
import type { Connection, Network } from '../env/network.js';
import { Dialer } from './dialer.js';
import { FRAME_BYTES_MAX } from './frame.js';
import type { ByteCounters, FrameLink } from './frame-link.js';
import { type Hello, protocolWith } from './handshake-codec.js';
import { PeerConnection } from './peer-connection.js';
import type { Identity, Introduction, TransportHandler } from './transport.js';
import type { TransportOptions } from './transport-options.js';

/** What metrics tell of a peer; counters only grow. */
export interface PeerCounters extends ByteCounters {
  connections: number;
  droppedMessages: number;
  droppedForwards: number;
}

/** What a peer needs of its surroundings. */
export interface PeerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly handler: TransportHandler;
  isFormed(): boolean;
  /** A dialed connection, to shake hands on. */
  onDialed(peer: Peer, connection: Connection): void;
  onLost(peer: Peer, reason: string): void;
}

/** One per configured node, connected or not, for the life of the transport. */
export class Peer {
  readonly id: number;
  readonly counters: PeerCounters = {
    sentBytes: 0,
    receivedBytes: 0,
    sentFrames: 0,
    receivedFrames: 0,
    connections: 0,
    droppedMessages: 0,
    droppedForwards: 0,
  };
  /** The last refusal logged, so that it is said once. */
  lastRefusal: string | undefined;
  readonly #deps: PeerDeps;
  readonly #identity: Identity;
  readonly #options: TransportOptions;
  readonly #dialer: Dialer;
  #connection: PeerConnection | undefined;
  #introduction: Introduction | undefined;

  constructor(deps: PeerDeps, id: number, identity: Identity, options: TransportOptions) {
    const address = options.peers.get(id);
    if (address === undefined) throw new RangeError(`node ${id} is not among the peers`);
    this.id = id;
    this.#deps = deps;
    this.#identity = identity;
    this.#options = options;
    const dialerDeps = {
      clock: deps.clock,
      random: deps.random,
      network: deps.network,
      onConnection: (connection: Connection) => deps.onDialed(this, connection),
      onRefused: () => deps.handler.onDialRefused(id),
    };
    this.#dialer = new Dialer(dialerDeps, address, options);
  }

  get connection(): PeerConnection | undefined {
    return this.#connection;
  }

  /** What the peer told of itself last. */
  get introduction(): Introduction | undefined {
    return this.#introduction;
  }

  get hasMet(): boolean {
    return this.#introduction !== undefined;
  }

  /** Of two nodes the one with the lower id dials. */
  get isDialedByUs(): boolean {
    return this.#identity.nodeId < this.id;
  }

  start(): void {
    if (this.isDialedByUs) this.#dialer.start();
  }

  /** The attempt came to nothing. */
  dialAgain(): void {
    if (this.isDialedByUs && this.#connection === undefined) this.#dialer.dialAgain();
  }

  /**
   * Takes over a link on which the handshake is done. An older connection is dead, even if this side hasn't seen it yet: its dialer dials only when it has
   * none.
   */
  attach(link: FrameLink, hello: Hello): void {
    this.#drop('replaced by a newer connection');
    const pair = {
      ownId: this.#identity.nodeId,
      ownIncarnation: this.#identity.incarnation,
      peerId: this.id,
      peerIncarnation: hello.incarnation,
      protocol: protocolWith(hello),
    };
    const connection: PeerConnection = new PeerConnection(
      {
        link,
        handler: this.#deps.handler,
        isFormed: () => this.#deps.isFormed(),
        onClosed: (reason) => this.#onClosed(connection, reason),
      },
      pair,
      this.#options.peerQueueBytesMax,
    );
    link.open(connection, FRAME_BYTES_MAX, this.counters);
    this.#connection = connection;
    this.met(hello);
    this.lastRefusal = undefined;
    this.counters.connections += 1;
    this.#dialer.succeeded();
    this.#deps.handler.onConnected(this.id);
  }

  /** Remembers what a handshake told. */
  met({ clientAddress, zone, version }: Hello): void {
    this.#introduction = { clientAddress, zone, version };
  }

  /** Dials no more; the open connection is its owner's to end. */
  close(): void {
    this.#dialer.close();
  }

  #drop(reason: string): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.link.destroy(reason);
    this.#deps.onLost(this, reason);
    this.#deps.handler.onDisconnected(this.id);
  }

  #onClosed(connection: PeerConnection, reason: string): void {
    if (connection !== this.#connection) return;
    this.#drop(reason);
    if (this.isDialedByUs) this.#dialer.dialAgain();
    else this.#dialer.probe();
  }
}
