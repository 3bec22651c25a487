/** A body that grows while it is sent: in pieces that the socket takes one by one (N8), and so that other work of the loop gets its turn (N11). */
import { drained } from './drained.js';
import type { Exchange } from './exchange.js';
import { listChunkChars, listSliceMs } from './limits.js';

export class PacedWriter {
  readonly #exchange: Exchange;
  #pending = '';
  #sliceStartMs = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.resume();
  }

  /** Work begins anew after a wait. */
  resume(): void {
    this.#sliceStartMs = this.#exchange.clock.nowMs();
  }

  /** Keeps text for the next piece; true when that is large enough to be flushed. */
  add(text: string): boolean {
    this.#pending += text;
    return this.#pending.length >= listChunkChars;
  }

  /** Sends what is kept. Resolves when more may be made, or the client is gone. */
  async flush(): Promise<void> {
    const { response, clock } = this.#exchange;
    if (this.#pending !== '' && !response.write(this.takeRest())) await drained(this.#exchange);
    if (clock.nowMs() - this.#sliceStartMs < listSliceMs) return;
    await new Promise<void>((resolve) => clock.defer(resolve));
    this.resume();
  }

  /** What is kept, for the caller to send. */
  takeRest(): string {
    const text = this.#pending;
    this.#pending = '';
    return text;
  }
}
