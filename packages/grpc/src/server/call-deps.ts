/** What all calls of a server share. Types only. */
import type { Runtime } from '../base/runtime.js';
import type { CompleteServerOptions } from './options.js';
import type { ServerCall } from './server-call.js';

export interface CallDeps {
  readonly runtime: Runtime;
  readonly options: CompleteServerOptions;
  /** Value of `grpc-accept-encoding` for clients that compress; undefined when there is nothing to offer. */
  readonly accepted: string | undefined;
  /** A handler or codec threw what is no GrpcError: a bug of theirs. The client is told INTERNAL only. */
  onError(error: unknown, call: ServerCall): void;
}
