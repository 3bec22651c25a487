/** Receives one snapshot over a link of its own and hands it to the host as a stream; a damaged one is never taken as whole (R15). */
import { crc32 } from 'node:zlib';
import { ChunkQueue } from './chunk-queue.js';
import { FrameType } from './frame.js';
import type { FrameLink, FrameLinkHandler } from './frame-link.js';
import {
  decodeSnapshotChunk,
  decodeSnapshotHeader,
  decodeSnapshotTrailer,
  encodeSnapshotResult,
  type SnapshotResult,
} from './snapshot-frames.js';
import { TransportError, type TransportHandler } from './transport.js';
import { ProtocolError } from './wire.js';

/** What a receiver needs of its surroundings. */
export interface SnapshotStreamReceiverDeps {
  readonly link: Pick<FrameLink, 'write' | 'end' | 'setPaused'>;
  readonly ownId: number;
  readonly peerId: number;
  readonly handler: Pick<TransportHandler, 'onSnapshot'>;
  /** The host's installation failed; the sender was told. */
  onInstallFailed(error: unknown): void;
  /** The link is closed. */
  onDone(): void;
}

/** One per stream; answers once, unless the link is lost. */
export class SnapshotStreamReceiver implements FrameLinkHandler {
  readonly #deps: SnapshotStreamReceiverDeps;
  readonly #queue: ChunkQueue;
  #state: 'header' | 'chunks' | 'complete' = 'header';
  #chunks = 0;
  #bytes = 0;
  #crc = 0;

  constructor(deps: SnapshotStreamReceiverDeps) {
    this.#deps = deps;
    this.#queue = new ChunkQueue((isPaused) => deps.link.setPaused(isPaused));
  }

  onFrame(type: number, body: Uint8Array): void {
    if (type === FrameType.snapshotHeader && this.#state === 'header') this.#onHeader(body);
    else if (type === FrameType.snapshotChunk && this.#state === 'chunks') this.#onChunk(body);
    else if (type === FrameType.snapshotTrailer && this.#state === 'chunks') this.#onTrailer(body);
    else throw new ProtocolError(`frame type ${type} at the wrong place of a snapshot`);
  }

  onDrain(): void {
    // Only the result is sent.
  }

  onClosed(reason: string): void {
    this.#queue.finish(new TransportError('SNAPSHOT_LOST', `the connection of the snapshot was lost: ${reason}`));
    this.#deps.onDone();
  }

  #onHeader(body: Uint8Array): void {
    // The message outlives this call, so its bytes must not be views of the network's buffer (N13).
    const { shard, message } = decodeSnapshotHeader(body.slice());
    const { ownId, peerId, handler } = this.#deps;
    if (message.from !== peerId || message.to !== ownId) throw new ProtocolError('a snapshot between other nodes');
    this.#state = 'chunks';
    handler.onSnapshot({ from: peerId, shard, message, chunks: this.#queue }).then(
      (isInstalled) => this.#onVerdict(isInstalled),
      (error: unknown) => {
        this.#deps.onInstallFailed(error);
        this.#answer('failed');
      },
    );
  }

  #onChunk(body: Uint8Array): void {
    const { number, bytes } = decodeSnapshotChunk(body);
    if (number !== this.#chunks) throw new ProtocolError(`snapshot chunk ${number} in place of ${this.#chunks}`);
    this.#chunks += 1;
    this.#bytes += bytes.length;
    this.#crc = crc32(bytes, this.#crc);
    this.#queue.push(bytes.slice());
  }

  #onTrailer(body: Uint8Array): void {
    const { chunks, bytes, crc } = decodeSnapshotTrailer(body);
    if (chunks !== this.#chunks || bytes !== this.#bytes || crc !== this.#crc) {
      throw new ProtocolError('a snapshot does not add up to its trailer');
    }
    this.#state = 'complete';
    this.#queue.finish('complete');
  }

  #onVerdict(isInstalled: boolean): void {
    if (isInstalled && !this.#queue.isDrained) {
      this.#deps.onInstallFailed(new Error('a snapshot was called installed before it was read to its end'));
      this.#answer('failed');
      return;
    }
    this.#answer(isInstalled ? 'installed' : 'refused');
  }

  #answer(result: SnapshotResult): void {
    this.#deps.link.write(encodeSnapshotResult(result));
    this.#deps.link.end('the snapshot is done');
  }
}
