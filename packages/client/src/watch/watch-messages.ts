/** The messages of a watch: its request from options, which are checked here, and events from responses. */
import {
  decodeWatchResponse,
  encodeWatchRequest,
  type KeyValue as WireKeyValue,
  type WatchEvent as WireEvent,
  WatchEventKind,
} from '@kvorum/protocol/kvorum/v1/watch.js';
import { checkRevision, copyOf, keyBytes, toBytes } from '../base/bytes.js';
import { checkOptions } from '../base/call-options-check.js';
import { ClientError, invalidArgument } from '../base/errors.js';
import { KeyValue } from '../base/key-value.js';
import type { ResumeEvent } from './resume-state.js';
import type { WatchEvent, WatchOptions } from './watch-types.js';

/** Makes the request that begins a watch at a revision. */
export type RequestFrom = (fromRevision: number) => Uint8Array;

const watchNames: ReadonlySet<string> = new Set([
  ...['key', 'prefix', 'start', 'end', 'fromRevision'],
  ...['prevKv', 'progress', 'fragment', 'signal'],
]);

/** Checks the options once. Throws ClientError INVALID_ARGUMENT or KEY_TOO_LARGE that names the option. */
export function watchRequest(options: WatchOptions, keyspace: string): RequestFrom {
  checkOptions(options, watchNames);
  const keys = watchedKeys(options);
  checkRevision('fromRevision', options.fromRevision ?? 0);
  const { prevKv = false } = options;
  // Large revisions come in parts, so that no message is large, and progress is always told: silence then means that a server is gone.
  return (fromRevision) =>
    encodeWatchRequest({ ...keys, keyspace, fromRevision, prevKv, progress: true, fragment: true });
}

function watchedKeys({ key, prefix, start, end }: WatchOptions): Record<string, Uint8Array> {
  const isRange = start !== undefined || end !== undefined;
  if (Number(key !== undefined) + Number(prefix !== undefined) + Number(isRange) > 1) {
    const field = prefix === undefined ? 'key' : 'prefix';
    throw invalidArgument(field, 'allowed is one of key, prefix, and start with end');
  }
  // Copies: a watch lives long, and its caller may use these bytes for something else.
  if (key !== undefined) return { key: copyOf(keyBytes(key)) };
  if (prefix !== undefined) return { prefix: copyOf(toBytes('prefix', prefix)) };
  if (!isRange) return {};
  return { start: copyOf(toBytes('start', start ?? '')), end: copyOf(toBytes('end', end ?? '')) };
}

/** Reads a response. Throws ClientError INTERNAL when it is none. */
export function readResponse(bytes: Uint8Array): ResumeEvent<WatchEvent, never> {
  try {
    const { events, revision, isFragment } = decodeWatchResponse(bytes);
    return { kind: 'response', events: events.map(eventOf), revision, isFragment, bytes: bytes.length };
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('INTERNAL', `a response of a watch can't be read: ${reason}`, {}, cause);
  }
}

function eventOf({ kind, kv, prevKv }: WireEvent): WatchEvent {
  if (kv === undefined || (kind !== WatchEventKind.PUT && kind !== WatchEventKind.DELETE)) {
    throw new ClientError('INTERNAL', 'a response of a watch holds an event of unknown kind');
  }
  const isPut = kind === WatchEventKind.PUT;
  const state = stateOf(kv);
  return {
    type: isPut ? 'put' : 'delete',
    key: state.key,
    revision: kv.modRevision,
    kv: isPut ? state : undefined,
    prevKv: prevKv === undefined ? undefined : stateOf(prevKv),
  };
}

/** Copies: a small view would keep all that came with it (N13). */
function stateOf(kv: WireKeyValue): KeyValue {
  return new KeyValue(copyOf(kv.key), copyOf(kv.value), { ...kv, revision: kv.modRevision });
}
