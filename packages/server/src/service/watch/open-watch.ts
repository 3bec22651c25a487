/** A watch of the hub as callers of the service have it. */
import type { Watch, WatchBatch, WatchOptions } from '../kv-service.js';
import type { WatchHub } from './watch-hub.js';
import type { Watcher } from './watcher.js';
import type { WatchedKeys } from './watcher-index.js';

/** Opens a watch on this replica's state as it is. Fails as {@link WatchHub.open}. */
export function openWatch(hub: WatchHub, options: WatchOptions): Watch {
  const watcher = hub.open({
    keys: keysOf(options),
    fromRevision: options.fromRevision ?? 0,
    wantsPrevious: options.prevKv === true,
    only: options.only,
    wantsProgress: options.progress === true,
    mayFragment: options.fragment === true,
    connection: options.connection,
  });
  return {
    fromRevision: watcher.options.fromRevision,
    batches: batchesOf(hub, watcher),
    requestProgress: () => hub.requestProgress(watcher),
    close: () => hub.remove(watcher),
  };
}

async function* batchesOf(hub: WatchHub, watcher: Watcher): AsyncGenerator<WatchBatch> {
  try {
    for (;;) {
      const batch = await hub.next(watcher);
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    hub.remove(watcher);
  }
}

/** Copies: the caller may go on using its own bytes. */
function keysOf({ key, prefix, range }: WatchOptions): WatchedKeys {
  if (key !== undefined) return { kind: 'key', key: new Uint8Array(key) };
  if (range === undefined) return { kind: 'prefix', prefix: new Uint8Array(prefix ?? []) };
  const end = range.end === undefined ? undefined : new Uint8Array(range.end);
  return { kind: 'range', start: new Uint8Array(range.start), end };
}
