/** What a batch of changes looks like on gRPC: one response, or several where it is large, so that no client meets its limit of a message. */
import type { Init } from '@kvorum/protocol';
import { type WatchResponse, WatchEventKind } from '@kvorum/protocol/kvorum/v1/watch.js';
import type { WatchBatch, WatchEvent } from '../../service/kv-service.js';
import { watchResponseBytes } from './limits.js';

/** Cut between revisions only: each response says that all up to its own revision was delivered. */
export function* responsesOf({ revision, events, isFragment }: WatchBatch): Generator<Init<WatchResponse>> {
  let from = 0;
  let bytes = 0;
  let before = 0;
  for (const [at, event] of events.entries()) {
    const eventBytes = bytesOf(event);
    if (bytes + eventBytes > watchResponseBytes && at > from && event.kv.modRevision > before) {
      yield { revision: before, isFragment: false, events: events.slice(from, at).map(wireEvent) };
      from = at;
      bytes = 0;
    }
    bytes += eventBytes;
    before = event.kv.modRevision;
  }
  yield { revision, isFragment, events: events.slice(from).map(wireEvent) };
}

function bytesOf({ kv, prevKv }: WatchEvent): number {
  return kv.key.length + kv.value.length + (prevKv === undefined ? 0 : prevKv.key.length + prevKv.value.length);
}

function wireEvent({ type, kv, prevKv }: WatchEvent): NonNullable<Init<WatchResponse>['events']>[number] {
  return { kind: type === 'put' ? WatchEventKind.PUT : WatchEventKind.DELETE, kv, prevKv };
}
