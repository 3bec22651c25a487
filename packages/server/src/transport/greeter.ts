/** Shakes hands on every connection, dialed or accepted: the transport's side of the handshake with registry, log and limits. */
import type { Log } from '../env/env.js';
import type { Connection } from '../env/network.js';
import type { FrameLink, FrameLinkOptions } from './frame-link.js';
import type { HandshakeRole } from './handshake.js';
import type { Hello, Refusal } from './handshake-codec.js';
import { Handshaker } from './handshaker.js';
import type { Identity, IncarnationRegistry, TransportHandler } from './transport.js';

/** Lines about refused strangers per window, so that nobody fills the log from outside. */
const REFUSAL_LINES_MAX = 10;
const REFUSAL_WINDOW_TICKS = 50;

/** What the greeter needs of the transport. */
export interface GreeterDeps {
  readonly log: Log;
  readonly registry: IncarnationRegistry;
  readonly identity: Identity;
  /** Takes a new link into care: it is ticked until it is gone. */
  track(link: FrameLink): void;
  onLinkGone(link: FrameLink): void;
  canTakeSnapshot(): boolean;
  isFormed(): boolean;
  onRefusedBy: TransportHandler['onRefusedBy'];
  /** Remembers per peer which refusal was logged. */
  peerOf(id: number): { lastRefusal: string | undefined } | undefined;
}

/** How it ends: exactly one of these. */
export interface Greeting {
  /** Must `open` the link before it returns. */
  onEstablished(link: FrameLink, peer: Hello): void;
  onFailed(reason: string): void;
}

/** One per transport. */
export class Greeter {
  readonly #deps: GreeterDeps;
  readonly #limits: FrameLinkOptions;
  /** Incarnations whose registration is being synced: a second one for the same node must not slip in meanwhile. */
  readonly #registering = new Map<number, { readonly incarnation: string; readonly done: Promise<void> }>();
  #acceptedCount = 0;
  #ticks = 0;
  #refusalLines = 0;

  constructor(deps: GreeterDeps, limits: FrameLinkOptions) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** Accepted connections whose handshake is under way. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** Called at a steady interval. */
  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % REFUSAL_WINDOW_TICKS === 0) this.#refusalLines = 0;
  }

  greet(connection: Connection, role: HandshakeRole, greeting: Greeting): void {
    const isAccepted = role.kind === 'acceptor';
    if (isAccepted) this.#acceptedCount += 1;
    const leave = () => {
      if (isAccepted) this.#acceptedCount -= 1;
    };
    const deps = {
      identity: this.#deps.identity,
      lookup: (nodeId: number) => this.#lookup(nodeId),
      admit: (hello: Hello) => this.#admit(hello),
      register: (nodeId: number, incarnation: string) => this.#register(nodeId, incarnation),
    };
    const result = {
      onEstablished: (link: FrameLink, peer: Hello) => {
        leave();
        this.#confirm(link, peer.nodeId);
        greeting.onEstablished(link, peer);
      },
      onRefusal: (refusal: Refusal, by: 'us' | 'peer', nodeId: number | undefined) => {
        leave();
        this.#onRefusal(refusal, by, nodeId, role);
        greeting.onFailed(refusal.message);
      },
      onFailed: (reason: string) => {
        leave();
        greeting.onFailed(reason);
      },
    };
    const handshaker = new Handshaker(connection, deps, role, this.#limits, result, (link) =>
      this.#deps.onLinkGone(link),
    );
    this.#deps.track(handshaker.link);
    handshaker.start();
  }

  #lookup(nodeId: number): string | undefined | 'unknownNode' {
    return this.#deps.registry.lookup(nodeId) ?? this.#registering.get(nodeId)?.incarnation;
  }

  #admit(hello: Hello): Refusal | undefined {
    const ownId = this.#deps.identity.nodeId;
    if (hello.purpose === 'peer') {
      if (hello.nodeId < ownId) return undefined;
      const message = `node ${hello.nodeId} dialed node ${ownId}, but of two nodes the one with the lower id dials`;
      return { reason: 'wrongDirection', message };
    }
    if (!this.#deps.isFormed()) return { reason: 'notReady', message: `node ${ownId} hasn't met all its peers yet` };
    if (this.#deps.canTakeSnapshot()) return undefined;
    return { reason: 'busy', message: `node ${ownId} receives as many snapshots as it may at a time` };
  }

  #register(nodeId: number, incarnation: string): Promise<void> {
    const { registry } = this.#deps;
    if (registry.lookup(nodeId) === incarnation) return Promise.resolve();
    const running = this.#registering.get(nodeId);
    if (running !== undefined) return running.done;
    const done = registry.register(nodeId, incarnation).finally(() => this.#registering.delete(nodeId));
    this.#registering.set(nodeId, { incarnation, done });
    return done;
  }

  #confirm(link: FrameLink, nodeId: number): void {
    const { registry, log } = this.#deps;
    if (registry.isConfirmed(nodeId)) return;
    registry.confirm(nodeId).catch((error: unknown) => {
      log.error('noting that a peer knows this node failed', { peer: nodeId, error: String(error) });
      link.destroy('the registry failed');
    });
  }

  #onRefusal(refusal: Refusal, by: 'us' | 'peer', nodeId: number | undefined, role: HandshakeRole): void {
    const text = `${by}: ${refusal.message}`;
    const peer = nodeId === undefined ? undefined : this.#deps.peerOf(nodeId);
    const isSaid = peer === undefined ? this.#refusalLines >= REFUSAL_LINES_MAX : peer.lastRefusal === text;
    if (!isSaid) {
      if (peer === undefined) this.#refusalLines += 1;
      else peer.lastRefusal = text;
      const title = by === 'us' ? 'refused a peer' : 'refused by a peer';
      this.#deps.log.warn(title, { peer: nodeId, reason: refusal.reason, message: refusal.message });
    }
    // Told only by a peer that says who it is, about the connection between the nodes: a snapshot has an answer of its own.
    const isPeering = role.kind === 'acceptor' || role.purpose === 'peer';
    if (by === 'peer' && nodeId !== undefined && isPeering) this.#deps.onRefusedBy(nodeId, refusal);
  }
}
