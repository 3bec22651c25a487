/** Sends one snapshot over a link of its own, no faster than the receiver takes it and the rate limit allows (N8). */
import { crc32 } from 'node:zlib';
import type { Clock } from '../env/env.js';
import { FrameType } from './frame.js';
import type { FrameLink, FrameLinkHandler } from './frame-link.js';
import type { Pacer } from './pacer.js';
import {
  decodeSnapshotResult,
  encodeSnapshotChunk,
  encodeSnapshotHeader,
  encodeSnapshotTrailer,
  SNAPSHOT_PIECE_BYTES_MAX,
  type SnapshotResult,
} from './snapshot-frames.js';
import { type OutgoingSnapshot, TransportError } from './transport.js';
import { ProtocolError } from './wire.js';

/** One per stream; `run` settles when nothing of the source is read any more. */
export class SnapshotStreamSender implements FrameLinkHandler {
  readonly #link: FrameLink;
  readonly #clock: Clock;
  readonly #pacer: Pacer;
  #verdict: SnapshotResult | undefined;
  #lost: string | undefined;
  #isBlocked = false;
  #isTrailerSent = false;
  #wake: (() => void) | undefined;
  #chunks = 0;
  #bytes = 0;
  #crc = 0;

  constructor(link: FrameLink, clock: Clock, pacer: Pacer) {
    this.#link = link;
    this.#clock = clock;
    this.#pacer = pacer;
  }

  /** To be called once. See {@link import('./transport.js').Transport.sendSnapshot}. */
  async run(shard: number, snapshot: OutgoingSnapshot): Promise<'installed' | 'refused'> {
    const { message, chunks, signal } = snapshot;
    const giveUp = () => this.#link.destroy('sending the snapshot takes too long');
    try {
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted === true) giveUp();
      this.#isBlocked = !this.#link.write(encodeSnapshotHeader(shard, message));
      await this.#sendChunks(chunks);
      signal?.removeEventListener('abort', giveUp);
      if (!this.#isOver) {
        const trailer = { chunks: this.#chunks, bytes: this.#bytes, crc: this.#crc };
        this.#isTrailerSent = true;
        this.#link.write(encodeSnapshotTrailer(trailer));
      }
      while (!this.#isOver) await this.#change();
    } catch (cause) {
      this.#link.destroy('reading the snapshot failed');
      throw new TransportError('SNAPSHOT_FAILED', 'reading the snapshot to send failed', cause);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return this.#conclude();
  }

  onFrame(type: number, body: Uint8Array): void {
    if (type !== FrameType.snapshotResult) throw new ProtocolError(`frame type ${type} in answer to a snapshot`);
    const result = decodeSnapshotResult(body);
    if (this.#verdict !== undefined) throw new ProtocolError('a second result of a snapshot');
    if (result === 'installed' && !this.#isTrailerSent) throw new ProtocolError('a snapshot installed before its end');
    this.#verdict = result;
    this.#link.end('the snapshot is done');
    this.#changed();
  }

  onDrain(): void {
    this.#isBlocked = false;
    this.#changed();
  }

  onClosed(reason: string): void {
    this.#lost = reason;
    this.#changed();
  }

  get #isOver(): boolean {
    return this.#verdict !== undefined || this.#lost !== undefined;
  }

  async #sendChunks(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += SNAPSHOT_PIECE_BYTES_MAX) {
        const piece = chunk.subarray(at, at + SNAPSHOT_PIECE_BYTES_MAX);
        await this.#turn(piece.length);
        if (this.#isOver) return;
        this.#send(piece);
      }
      if (this.#isOver) return;
    }
  }

  #send(bytes: Uint8Array): void {
    this.#isBlocked = !this.#link.write(encodeSnapshotChunk(this.#chunks, bytes));
    this.#chunks += 1;
    this.#bytes += bytes.length;
    this.#crc = crc32(bytes, this.#crc);
  }

  /** Waits until so many bytes may leave, or the stream is over. */
  async #turn(bytes: number): Promise<void> {
    while (this.#isBlocked && !this.#isOver) await this.#change();
    const atMs = this.#pacer.reserve(bytes);
    for (;;) {
      const waitMs = atMs - this.#clock.nowMs();
      if (waitMs <= 0 || this.#isOver) return;
      const timer = this.#clock.setTimer(waitMs, () => this.#changed());
      await this.#change();
      timer.cancel();
    }
  }

  #conclude(): 'installed' | 'refused' {
    switch (this.#verdict) {
      case 'installed':
      case 'refused':
        return this.#verdict;
      case 'failed':
        throw new TransportError('SNAPSHOT_FAILED', 'the receiver could not install the snapshot');
      case undefined:
        throw new TransportError('SNAPSHOT_LOST', `the connection of the snapshot was lost: ${this.#lost}`);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
