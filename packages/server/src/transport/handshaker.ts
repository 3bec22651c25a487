/** Drives a handshake over a link: does what the state machine puts out, and hands the link over once both sides are established. */
import type { Connection } from '../env/network.js';
import { encodeFrame } from './frame.js';
import { FrameLink, type FrameLinkHandler, type FrameLinkOptions } from './frame-link.js';
import { Handshake, type HandshakeDeps, type HandshakeOutput, type HandshakeRole } from './handshake.js';
import type { Hello, Refusal } from './handshake-codec.js';

/** How a handshake ends: exactly one of these. */
export interface HandshakeResult {
  /** The link is the caller's now: it must `open` it before it returns. */
  onEstablished(link: FrameLink, peer: Hello): void;
  /** `refusal` was sent (by us) or received (by the peer); the link is closing. */
  onRefusal(refusal: Refusal, by: 'us' | 'peer', nodeId: number | undefined): void;
  /** The connection was lost, damaged or too slow. */
  onFailed(reason: string): void;
}

/** What the driver needs beside the checks. */
export interface HandshakerDeps extends HandshakeDeps {
  /** Registers a peer's incarnation durably. */
  register(nodeId: number, incarnation: string): Promise<void>;
}

/** One per connection; the result is told once. */
export class Handshaker implements FrameLinkHandler {
  readonly link: FrameLink;
  readonly #deps: HandshakerDeps;
  readonly #handshake: Handshake;
  readonly #result: HandshakeResult;
  #isOver = false;

  constructor(
    connection: Connection,
    deps: HandshakerDeps,
    role: HandshakeRole,
    limits: FrameLinkOptions,
    result: HandshakeResult,
    onGone: (link: FrameLink) => void,
  ) {
    this.#deps = deps;
    this.#result = result;
    this.#handshake = new Handshake(deps, role);
    this.link = new FrameLink(connection, this, limits, onGone);
  }

  /** To be called once, right after the link is known to whoever ticks it. */
  start(): void {
    this.#do(this.#handshake.start());
  }

  onFrame(type: number, body: Uint8Array): void {
    this.#do(this.#handshake.onFrame(type, body));
  }

  onDrain(): void {
    // A handshake is a few hundred bytes: it never waits for a socket.
  }

  onClosed(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#result.onFailed(reason);
  }

  #do(outputs: readonly HandshakeOutput[]): void {
    for (const output of outputs) this.#doOne(output);
  }

  #doOne(output: HandshakeOutput): void {
    switch (output.kind) {
      case 'send':
        this.link.write(encodeFrame(output.type, output.body));
        return;
      case 'register':
        this.#register(output.nodeId, output.incarnation);
        return;
      case 'established':
        this.#isOver = true;
        this.#result.onEstablished(this.link, output.peer);
        return;
      case 'refuse':
        this.#isOver = true;
        this.link.end('refused');
        this.#result.onRefusal(output.refusal, 'us', output.nodeId);
        return;
      case 'refused':
        this.#isOver = true;
        this.link.end('refused by the peer');
        this.#result.onRefusal(output.refusal, 'peer', output.nodeId);
        return;
    }
  }

  #register(nodeId: number, incarnation: string): void {
    this.#deps.register(nodeId, incarnation).then(
      () => {
        if (!this.link.isClosing) this.#do(this.#handshake.onRegistered());
      },
      (error: unknown) => this.link.destroy(`registering node ${nodeId} failed: ${String(error)}`),
    );
  }
}
