/**
 * A machine whose memory or code is wrong once: from some moment on it carries out one put of the default keyspace with another value than the log says (R14). It
 * does so again whenever it applies that entry anew, as a bug would, so that a restart does not heal it.
 */
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { misreadPut } from '@kvorum/server/internal/testing/misread.js';

export class Misreader {
  #state: { readonly mask: number; index: number | undefined } | undefined;
  readonly #onMisread: (index: number) => void;

  /** @param onMisread told of the entry that is carried out wrongly, at the first time */
  constructor(onMisread: (index: number) => void) {
    this.#onMisread = onMisread;
  }

  /** The next put goes wrong, or is one that does already. */
  get isArmed(): boolean {
    return this.#state !== undefined;
  }

  /** Some entry was carried out wrongly. */
  get hasMisread(): boolean {
    return this.#state?.index !== undefined;
  }

  /** From now on; `mask` says which bits are wrong. */
  arm(mask: number): void {
    this.#state ??= { mask, index: undefined };
  }

  /** What the machine takes the entry for. */
  readonly read = (shard: number, entry: Uint8Array, index: number): Uint8Array => {
    const state = this.#state;
    if (state === undefined || shard !== defaultShard) return entry;
    if (state.index !== undefined && state.index !== index) return entry;
    const misread = misreadPut(entry, state.mask);
    if (misread === undefined) return entry;
    if (state.index === undefined) {
      state.index = index;
      this.#onMisread(index);
    }
    return misread;
  };
}
