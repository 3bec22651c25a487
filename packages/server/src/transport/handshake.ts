/**
 * The handshake of two nodes as a state machine: frames in, outputs out, no I/O.
 *
 * ```
 * dialer                          acceptor
 * hello ────────────────────────► checks
 * checks ◄──────────────────────── hello
 * syncs the acceptor's            syncs the dialer's
 * incarnation                     incarnation
 * welcome ──────────────────────► ◄────────── welcome
 * ```
 * A side is established when it has synced the peer's incarnation *and* the peer has told (welcome) that it synced ours: two separate facts, both of which a
 * node of a new static cluster needs of every other node before it votes or acknowledges (R5).
 *
 * It must never send anything but a refusal to a node that failed a check.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { FrameType } from './frame.js';
import {
  decodeHello,
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  type Hello,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  protocolWith,
  type Purpose,
  type Refusal,
} from './handshake-codec.js';
import { judgeHello } from './handshake-rules.js';
import type { Identity } from './transport.js';
import { ProtocolError } from './wire.js';

/** What a handshake must know of this node. */
export interface HandshakeDeps {
  readonly identity: Identity;
  /** The peer's incarnation as registered or being registered; undefined: not met yet; `unknownNode`: not configured. */
  lookup(nodeId: number): string | undefined | 'unknownNode';
  /** The last word of the acceptor on a peer that passed every check: a refusal, or undefined to let it in. */
  admit(hello: Hello): Refusal | undefined;
}

/** Which end of the connection this is; the dialer knows whom it wants. */
export type HandshakeRole =
  | { readonly kind: 'dialer'; readonly expectedNodeId: number; readonly purpose: Purpose }
  | { readonly kind: 'acceptor' };

/** What the driver has to do, in order. */
export type HandshakeOutput =
  | { readonly kind: 'send'; readonly type: number; readonly body: Uint8Array }
  /** Register durably, then call `onRegistered`. */
  | { readonly kind: 'register'; readonly nodeId: number; readonly incarnation: string }
  /** Done. The peer has synced this node's incarnation: confirm it. */
  | { readonly kind: 'established'; readonly peer: Hello; readonly protocol: number }
  /** We refuse; the refusal frame was sent. End the connection. */
  | { readonly kind: 'refuse'; readonly nodeId: number; readonly refusal: Refusal }
  /** The peer refuses us. Close the connection. */
  | { readonly kind: 'refused'; readonly nodeId: number | undefined; readonly refusal: Refusal };

/** One end of one handshake. Ends with exactly one of established, refuse and refused, or with the connection. */
export class Handshake {
  readonly #deps: HandshakeDeps;
  readonly #role: HandshakeRole;
  #peer: Hello | undefined;
  #isRegistered = false;
  #isWelcome = false;
  #isOver = false;

  constructor(deps: HandshakeDeps, role: HandshakeRole) {
    this.#deps = deps;
    this.#role = role;
  }

  /** To be called once, first. */
  start(): readonly HandshakeOutput[] {
    return this.#role.kind === 'dialer' ? [this.#hello(this.#role.purpose)] : [];
  }

  /** Throws ProtocolError on what isn't a handshake. */
  onFrame(type: number, body: Uint8Array): readonly HandshakeOutput[] {
    if (this.#isOver) throw new ProtocolError('a frame after the end of the handshake');
    switch (type) {
      case FrameType.hello:
        return this.#onHello(decodeHello(body));
      case FrameType.welcome:
        return this.#onWelcome(decodeWelcome(body));
      case FrameType.refusal:
        return this.#onRefusal(decodeRefusal(body));
      default:
        throw new ProtocolError(`frame type ${type} before the end of the handshake`);
    }
  }

  /** The peer's incarnation is synced. */
  onRegistered(): readonly HandshakeOutput[] {
    assert(this.#peer !== undefined && !this.#isRegistered, 'a handshake registers once');
    this.#isRegistered = true;
    const body = encodeWelcome(protocolWith(this.#peer));
    return [{ kind: 'send', type: FrameType.welcome, body }, ...this.#finish()];
  }

  #onHello(hello: Hello): readonly HandshakeOutput[] {
    if (this.#peer !== undefined) throw new ProtocolError('a second hello');
    this.#peer = hello;
    const registered = this.#deps.lookup(hello.nodeId);
    const expected = this.#role.kind === 'dialer' ? this.#role.expectedNodeId : undefined;
    let refusal = judgeHello(this.#deps.identity, hello, expected, registered);
    if (this.#role.kind === 'dialer' && hello.purpose !== this.#role.purpose) {
      throw new ProtocolError('the answer to a hello has another purpose');
    }
    if (this.#role.kind === 'acceptor') refusal ??= this.#deps.admit(hello);
    if (refusal !== undefined) {
      this.#isOver = true;
      return [
        { kind: 'send', type: FrameType.refusal, body: encodeRefusal(refusal) },
        { kind: 'refuse', nodeId: hello.nodeId, refusal },
      ];
    }
    const register: HandshakeOutput = { kind: 'register', nodeId: hello.nodeId, incarnation: hello.incarnation };
    return this.#role.kind === 'acceptor' ? [this.#hello(hello.purpose), register] : [register];
  }

  #onWelcome(protocol: number): readonly HandshakeOutput[] {
    if (this.#peer === undefined) throw new ProtocolError('a welcome before the hello');
    if (this.#isWelcome) throw new ProtocolError('a second welcome');
    if (protocol !== protocolWith(this.#peer)) throw new ProtocolError('a welcome to another protocol version');
    this.#isWelcome = true;
    return this.#finish();
  }

  #onRefusal(refusal: Refusal): readonly HandshakeOutput[] {
    this.#isOver = true;
    const expected = this.#role.kind === 'dialer' ? this.#role.expectedNodeId : undefined;
    return [{ kind: 'refused', nodeId: this.#peer?.nodeId ?? expected, refusal }];
  }

  #finish(): readonly HandshakeOutput[] {
    const peer = this.#peer;
    if (peer === undefined || !this.#isRegistered || !this.#isWelcome) return [];
    this.#isOver = true;
    return [{ kind: 'established', peer, protocol: protocolWith(peer) }];
  }

  #hello(purpose: Purpose): HandshakeOutput {
    const hello: Hello = {
      ...this.#deps.identity,
      protocolMin: PROTOCOL_MIN,
      protocolMax: PROTOCOL_MAX,
      purpose,
    };
    return { kind: 'send', type: FrameType.hello, body: encodeHello(hello) };
  }
}
