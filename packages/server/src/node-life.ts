/** Where a node stands in its life, and the one way it ends by itself. */
import type { Log } from './env/env.js';
import type { NodeFailedError } from './node-failed-error.js';
import { failureOf } from './node-failure.js';
import type { NodeStatus } from './service/kv-service.js';

export class NodeLife {
  state: NodeStatus['state'] = 'starting';
  /** Settles when the node has ended and let go of everything. */
  readonly closed: Promise<void>;
  /** Resolves when the node has failed, before anything is let go of. */
  readonly failed: Promise<void>;
  private cause: NodeFailedError | undefined;
  private onFailure: (() => void) | undefined;
  private tellFailed: () => void = () => undefined;
  private settle: { readonly resolve: () => void; readonly reject: (failure: NodeFailedError) => void } | undefined;
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
    this.closed = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.failed = new Promise((resolve) => {
      this.tellFailed = resolve;
    });
    // Who does not look at `closed` must not be ended by an unhandled rejection: the failure is in the log and in every answer.
    this.closed.catch(() => undefined);
  }

  get failure(): NodeFailedError | undefined {
    return this.cause;
  }

  /** `run` ends the node; called at once when it has failed before. */
  whenFailed(run: () => void): void {
    this.onFailure = run;
    if (this.cause !== undefined) run();
  }

  /** The node must end (R17). Only the first cause counts. */
  fail(error: unknown): void {
    if (this.cause !== undefined) return;
    this.cause = failureOf(error);
    this.state = 'failed';
    this.log.error('the node failed', { kind: this.cause.kind, cause: this.cause.message, stack: stackOf(error) });
    this.tellFailed();
    this.onFailure?.();
  }

  /** Everything was let go of. */
  ended(): void {
    if (this.cause === undefined) this.settle?.resolve();
    else this.settle?.reject(this.cause);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : '';
}
