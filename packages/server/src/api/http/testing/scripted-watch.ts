/** A watch whose batches a test makes up, one for each time that its reader asks. */
import { Buffer } from 'node:buffer';
import type { Watch, WatchBatch, WatchEvent, WatchOptions } from '../../../service/kv-service.js';

const text = (bytes: string): Uint8Array => Buffer.from(bytes);

/** A put of a key at a revision. */
export function putEvent(key: string, value: string | Uint8Array, modRevision: number): WatchEvent {
  const bytes = typeof value === 'string' ? text(value) : value;
  const kv = { key: text(key), value: bytes, createRevision: modRevision, modRevision, version: 1 };
  return { type: 'put', kv, prevKv: undefined };
}

export class ScriptedWatch {
  /** Options of each watch that was opened. */
  readonly opened: WatchOptions[] = [];
  /** Batches that were asked for. */
  asked = 0;
  open = 0;
  readonly #next: (asked: number) => WatchBatch | Error | undefined;

  /** @param next the batch for the n-th question, from 0 on; undefined: none will come */
  constructor(next: (asked: number) => WatchBatch | Error | undefined) {
    this.#next = next;
  }

  /** In the place of a service's `watch`. */
  readonly watch = async (options: WatchOptions = {}): Promise<Watch> => {
    this.opened.push(options);
    this.open += 1;
    let end: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      end = resolve;
    });
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.open -= 1;
      isOpen = false;
      end();
    };
    return {
      fromRevision: options.fromRevision ?? 5,
      batches: this.#batches(() => isOpen, closed),
      requestProgress: () => undefined,
      close,
    };
  };

  async *#batches(isOpen: () => boolean, closed: Promise<void>): AsyncGenerator<WatchBatch> {
    while (isOpen()) {
      const batch = this.#next(this.asked);
      this.asked += 1;
      if (batch instanceof Error) throw batch;
      if (batch === undefined) await closed;
      else yield batch;
    }
  }
}
