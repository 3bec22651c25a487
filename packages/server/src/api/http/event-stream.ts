/**
 * What a watch says as server-sent events: the text of each, and the ids by which a client goes on after a lost connection.
 *
 * An id is a revision: everything up to it was delivered. The events of one revision come one by one; all but the last have `<revision>.<n>`, which says
 * that n events of that revision were delivered and everything before it. So a client that was cut off anywhere misses nothing and sees nothing twice.
 */
import { errorBody, KvorumError } from '@kvorum/protocol';
import type { WatchBatch, WatchEvent } from '../../service/kv-service.js';
import { revisionMax, watchRetryMs } from './limits.js';
import { byteField, revisionFields } from './ndjson.js';

/** Headers of the stream. A proxy that held events back would make a watch useless; nginx asks to be told by a header of its own. */
export const eventStreamHeaders: readonly string[] = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-store',
  'X-Accel-Buffering',
  'no',
];

/** How soon an EventSource comes again; in the first event's block. */
export const retryLine = `retry: ${watchRetryMs}\n`;
/** Says only that the connection lives. */
export const heartbeat = ':\n\n';
/** The id of `compacted`: there is nothing to go on from, and a client that comes with it is told so. */
export const endedId = 'compacted';

/** From where a client wants to go on. */
export interface Resumption {
  readonly id: string;
  readonly fromRevision: number;
  /** So many events of `fromRevision` were delivered before. */
  readonly skipped: number;
}

/** Reads `Last-Event-ID`; fails with INVALID_ARGUMENT on what was never an id of ours. */
export function readEventId(id: string): Resumption | 'ended' {
  if (id === endedId) return 'ended';
  const [, revisionText, skippedText = '0'] = /^([0-9]{1,16})(?:\.([1-9][0-9]{0,8}))?$/.exec(id) ?? [];
  const skipped = Number(skippedText);
  const fromRevision = Number(revisionText) + (skipped === 0 ? 1 : 0);
  if (fromRevision >= 1 && fromRevision <= revisionMax) return { id, fromRevision, skipped };
  const field = 'Last-Event-ID';
  const allowed = 'the id of an event of this watch';
  const shown = JSON.stringify(id.slice(0, 64));
  throw new KvorumError('INVALID_ARGUMENT', `${field} is ${shown}; allowed is ${allowed}`, { field, allowed });
}

/** Every wanted event up to `revision` was delivered. */
export function progressText(revision: number, id = String(revision)): string {
  return eventText('progress', id, `{"revision":${revision}}`);
}

/** The watch ends: because what comes next was compacted away, or for something else. */
export function failureText(error: KvorumError): string {
  const data = JSON.stringify(errorBody(error));
  return error.code === 'COMPACTED' ? eventText('compacted', endedId, data) : eventText('failure', undefined, data);
}

/** Gives the events of one watch their ids. */
export class EventTexts {
  /** Of which revision some events were delivered, and how many. */
  #revision: number;
  #delivered = 0;
  /** So many more events of `#revision` the client has. */
  #skipLeft: number;

  constructor({ fromRevision, skipped }: Pick<Resumption, 'fromRevision' | 'skipped'>) {
    this.#revision = fromRevision;
    this.#skipLeft = skipped;
  }

  /** The texts of a batch, one after the other. */
  *of({ events, revision }: WatchBatch): Generator<string> {
    if (events.length === 0) yield progressText(revision, this.#idAt(revision));
    for (const [at, event] of events.entries()) {
      const { modRevision } = event.kv;
      if (modRevision !== this.#revision) {
        this.#revision = modRevision;
        this.#delivered = 0;
        this.#skipLeft = 0;
      }
      this.#delivered += 1;
      if (this.#skipLeft > 0) {
        this.#skipLeft -= 1;
        continue;
      }
      const next = events[at + 1];
      const isLast = next === undefined ? modRevision <= revision : next.kv.modRevision !== modRevision;
      const id = isLast ? String(modRevision) : `${modRevision}.${this.#delivered}`;
      yield eventText(event.type, id, dataOf(event));
    }
  }

  /** A replica that is behind the former one tells progress of before what the client has; its place is not given up for that. */
  #idAt(revision: number): string {
    const had = this.#delivered + this.#skipLeft;
    return had > 0 && revision < this.#revision ? `${this.#revision}.${had}` : String(revision);
  }
}

function dataOf({ type, kv, prevKv }: WatchEvent): string {
  const fields = type === 'put' ? valueFields(kv) : `"modRevision":${kv.modRevision}`;
  const previous = prevKv === undefined ? '' : `,"prev":{${valueFields(prevKv)}}`;
  return `{${byteField('key', kv.key)},${fields}${previous}}`;
}

function valueFields(kv: WatchEvent['kv']): string {
  return `${byteField('value', kv.value)},${revisionFields(kv)}`;
}

/** JSON has no line breaks, so data is one line. */
function eventText(type: string, id: string | undefined, data: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${type}\n${idLine}data: ${data}\n\n`;
}
