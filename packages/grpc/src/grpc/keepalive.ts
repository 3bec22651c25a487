/** Finds connections whose other end is gone: a PING now and then, and the end of the connection when it is not answered in time. */
import type { Runtime } from '../base/runtime.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';

/** What is kept alive. */
export interface Pingable {
  /** Rejects when no answer came in time or the connection is gone. */
  ping(): Promise<number>;
}

export class Keepalive implements Expiring {
  readonly #runtime: Runtime;
  readonly #connection: Pingable;
  readonly #intervalMs: number;
  readonly #onDead: (error: unknown) => void;
  readonly #timer: WheelTimer;
  #isStopped = false;

  /** @param intervalMs between an answer and the next PING; 0: never */
  constructor(
    deps: { readonly runtime: Runtime; readonly connection: Pingable; readonly onDead: (error: unknown) => void },
    options: { readonly intervalMs: number },
  ) {
    this.#runtime = deps.runtime;
    this.#connection = deps.connection;
    this.#onDead = deps.onDead;
    this.#intervalMs = options.intervalMs;
    this.#timer = new WheelTimer(this);
  }

  start(): void {
    if (this.#intervalMs > 0 && !this.#isStopped) this.#runtime.timers.start(this.#timer, this.#intervalMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#runtime.timers.cancel(this.#timer);
  }

  onExpired(): void {
    this.#connection.ping().then(
      () => this.start(),
      (error: unknown) => {
        if (!this.#isStopped) this.#onDead(error);
      },
    );
  }
}
