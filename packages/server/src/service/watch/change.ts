/** One record of the history as watchers get it: copied once, shared by all that want it. */
import type { HistoryRecord } from '@kvorum/core/kv/history.js';
import type { Row } from '@kvorum/core/kv/read-types.js';
import type { Revision } from '@kvorum/core/kv/revision.js';
import type { WatchEvent } from '../kv-service.js';
import { copyRow } from '../rows.js';

/** What an event takes of memory beside the bytes of its keys and values, about. */
const eventOverheadBytes = 200;

/** A change of one key at one revision. */
export class Change {
  /** Where it lies within its revision. */
  readonly sub: number;
  private readonly event: WatchEvent;
  private readonly previous: Revision;
  /** The event with `prevKv`; made when the first watcher wants it. */
  private withPrevious: WatchEvent | undefined;

  constructor(record: HistoryRecord) {
    this.sub = record.sub;
    this.previous = record.previous;
    this.event = { type: record.isTombstone ? 'delete' : 'put', kv: copyRow(record.row), prevKv: undefined };
  }

  /** The event; with what the key was before, read by `previousRow`, when that is wanted. */
  eventFor(wantsPrevious: boolean, previousRow: (previous: Revision) => Row | undefined): WatchEvent {
    if (!wantsPrevious) return this.event;
    if (this.withPrevious === undefined) {
      const row = previousRow(this.previous);
      this.withPrevious = row === undefined ? this.event : { ...this.event, prevKv: copyRow(row) };
    }
    return this.withPrevious;
  }
}

/** About what an event takes of memory. */
export function eventBytes({ kv, prevKv }: WatchEvent): number {
  const previous = prevKv === undefined ? 0 : prevKv.key.length + prevKv.value.length;
  return eventOverheadBytes + kv.key.length + kv.value.length + previous;
}
