/**
 * Dials one peer, again and again until it is told that the connection holds. Of two nodes the one with the lower id dials, so there is never more than one
 * connection to choose from. The other one only *probes* when it has lost a connection: it learns whether the process is gone, without talking to it.
 */
import type { Clock, Random, Timer } from '../env/env.js';
import { type Address, type Connection, type Network, NetworkError } from '../env/network.js';
import type { TransportOptions } from './transport-options.js';

/** What a dialer needs, and whom it tells. */
export interface DialerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** A connection was made; the receiver owns it and calls `dialAgain` when it is lost. */
  onConnection(connection: Connection): void;
  /** Nobody listens at the address: the process is gone. */
  onRefused(): void;
}

type DialOptions = Pick<TransportOptions, 'connectTimeoutMs' | 'redialMsMin' | 'redialMsMax'>;

/** One per peer, for the life of the transport. */
export class Dialer {
  readonly #deps: DialerDeps;
  readonly #address: Address;
  readonly #options: DialOptions;
  #failures = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(deps: DialerDeps, address: Address, options: DialOptions) {
    this.#deps = deps;
    this.#address = address;
    this.#options = options;
  }

  /** Dials now. */
  start(): void {
    if (this.#isClosed) return;
    this.#deps.network.connect(this.#address, this.#options.connectTimeoutMs).then(
      (connection) => {
        if (this.#isClosed) connection.destroy();
        else this.#deps.onConnection(connection);
      },
      (error: unknown) => {
        this.#tellRefusal(error);
        this.dialAgain();
      },
    );
  }

  /** The connection holds: the next loss is a first one. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Dials after a pause that doubles with each failure in a row. */
  dialAgain(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    const { redialMsMin, redialMsMax } = this.#options;
    const pauseMs = Math.min(redialMsMax, redialMsMin * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    // Between half of the pause and all of it, so that nodes that lost each other at one moment don't meet in step.
    this.#timer = this.#deps.clock.setTimer(pauseMs * (0.5 + this.#deps.random.float() / 2), () => {
      this.#timer = undefined;
      this.start();
    });
  }

  /** Dials once and hangs up; tells only whether nobody listens. */
  probe(): void {
    if (this.#isClosed) return;
    this.#deps.network.connect(this.#address, this.#options.connectTimeoutMs).then(
      (connection) => connection.destroy(),
      (error: unknown) => this.#tellRefusal(error),
    );
  }

  /** Stops; a connection that is just being made is closed. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tellRefusal(error: unknown): void {
    if (!this.#isClosed && error instanceof NetworkError && error.code === 'ECONNREFUSED') this.#deps.onRefused();
  }
}
