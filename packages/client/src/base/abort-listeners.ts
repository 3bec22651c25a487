/**
 * Who waits for a signal. Those that wait for the same one share a listener: Node warns of more than ten on one signal, and looks through all of them to remove
 * one. And not `AbortSignal.any`: each use of it leaves something behind in a signal that lives on.
 */

interface Shared {
  readonly runs: Set<() => void>;
  readonly onAbort: () => void;
}

export class AbortListeners {
  readonly #shared = new WeakMap<AbortSignal, Shared>();

  /**
   * Calls `run` once, when `signal` is aborted; inside this call if it is already. Each call needs a `run` of its own.
   * @returns ends that; idempotent
   */
  listen(signal: AbortSignal, run: () => void): () => void {
    if (signal.aborted) {
      run();
      return () => undefined;
    }
    const shared = this.#shared.get(signal) ?? this.#share(signal);
    shared.runs.add(run);
    return () => {
      if (!shared.runs.delete(run) || shared.runs.size > 0) return;
      signal.removeEventListener('abort', shared.onAbort);
      this.#shared.delete(signal);
    };
  }

  #share(signal: AbortSignal): Shared {
    const runs = new Set<() => void>();
    const onAbort = (): void => {
      for (const run of runs) run();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const shared = { runs, onAbort };
    this.#shared.set(signal, shared);
    return shared;
  }
}
