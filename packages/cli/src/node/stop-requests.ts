/** When a node process shall end: the first signal drains it, the second ends it at once. */
import { createDeferred } from '../deferred.js';
import { isStop } from './supervised.js';
import type { ProcessControl } from '../terminal.js';

export interface StopRequests {
  /** Resolves with the reason at the first request. */
  readonly first: Promise<string>;
  /** Resolves at the second signal. */
  readonly second: Promise<string>;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens for stop requests. A supervised node leaves SIGINT and SIGHUP to its supervisor, since a terminal sends them to both, and stops
 * when the supervisor says so or is gone.
 */
export function listenForStop(control: ProcessControl, isSupervised: boolean): StopRequests {
  const first = createDeferred<string>();
  const second = createDeferred<string>();
  let count = 0;
  const request = (reason: string): void => {
    count += 1;
    (count === 1 ? first : second).resolve(reason);
  };
  const stopSignals = control.onSignal((signal) => {
    if (!isSupervised || signal === 'SIGTERM') request(signal);
  });
  const stopParent = isSupervised
    ? control.onParent((message) => {
        // The supervisor has second thoughts by signal only; its message and its end may both come.
        if (isStop(message) && count === 0)
          request(message === undefined ? 'the supervisor is gone' : 'the supervisor');
      })
    : undefined;
  return {
    first: first.promise,
    second: second.promise,
    close() {
      stopSignals();
      stopParent?.();
    },
  };
}
