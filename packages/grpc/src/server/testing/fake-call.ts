/** A call for tests of handlers that hardly look at it. */
import { Metadata } from '../../grpc/metadata.js';
import type { ServerCall } from '../server-call.js';

/** A call without metadata or deadline that is never cancelled. */
export function fakeCall(path: string): ServerCall {
  return {
    path,
    peer: 'test',
    connection: {},
    metadata: new Metadata(),
    deadlineMs: undefined,
    isOver: false,
    signal: new AbortController().signal,
    sendMetadata: () => undefined,
    setTrailer: () => undefined,
  };
}
