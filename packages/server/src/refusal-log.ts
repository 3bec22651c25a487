/** Says that a peer refuses this node, without filling the log: a peer that refuses is dialed again and again. */
import type { Clock, Log } from './env/env.js';
import type { Refusal } from './transport/handshake-codec.js';

/** The same peer and reason are told again after this time at the earliest. */
export const refusalLogIntervalMs = 60_000;
/** Peers and reasons remembered; strangers can give any node id. When full, all are forgotten. */
const rememberedMax = 1024;

export class RefusalLog {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #log: Pick<Log, 'error'>;
  /** When a peer and reason were last told. */
  readonly #toldMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'nowMs'>, log: Pick<Log, 'error'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Logs the refusal unless it was logged within the last minute. */
  tell(peer: number, { reason, message }: Refusal): void {
    const key = `${peer} ${reason}`;
    const nowMs = this.#clock.nowMs();
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < refusalLogIntervalMs) return;
    if (this.#toldMs.size >= rememberedMax) this.#toldMs.clear();
    this.#toldMs.set(key, nowMs);
    this.#log.error('a node refuses this one', { peer, reason, detail: message });
  }
}
