/** List: rows of a range in key order, one message per key. Reads a page ahead at most, and only as fast as the client takes messages. */
import { type Init, prefixEnd } from '@kvorum/protocol';
import type { GetResponse, ListRequest } from '@kvorum/protocol/kvorum/v1/read.js';
import type { KeyValue, KvService, Listing } from '../../service/kv-service.js';
import { checkBound } from '../../service/request-checks.js';
import { readOptions } from './requests.js';

/** An opened list: its revision is known before its rows are. */
export interface Rows {
  readonly revision: number;
  readonly rows: AsyncIterable<Init<GetResponse>>;
}

/** Opens the list that a request asks for. Byte fields of the request are copied. */
export async function openList(
  kv: Pick<KvService, 'list'>,
  request: ListRequest,
  timeoutMs: number | undefined,
): Promise<Rows> {
  const options = readOptions(request, timeoutMs);
  // The service is told of neither when they change nothing for it.
  checkBound(request.start, 'start');
  checkBound(request.end, 'end');
  const prefix = request.prefix.slice();
  const start = request.start.slice();
  const end = request.end.length === 0 ? undefined : request.end.slice();
  const listing = await kv.list({
    ...options,
    prefix,
    from: compareBytes(start, prefix) > 0 ? start : undefined,
    limit: request.limit,
    keysOnly: request.keysOnly,
  });
  return { revision: listing.revision, rows: rowsOf(listing, end, beyond(start, prefix)) };
}

/** True when nothing with the prefix can come from `start` on. */
function beyond(start: Uint8Array, prefix: Uint8Array): boolean {
  const last = prefixEnd(prefix);
  return last !== undefined && compareBytes(start, last) >= 0;
}

/** The last row is held back until it is known whether the limit cut the list. */
async function* rowsOf(
  { revision, pages, nextKey }: Listing,
  end: Uint8Array | undefined,
  isEmpty: boolean,
): AsyncGenerator<Init<GetResponse>> {
  let held: KeyValue | undefined;
  for await (const page of pages) {
    if (isEmpty) return;
    for (const row of page) {
      if (end !== undefined && compareBytes(row.key, end) >= 0) {
        if (held !== undefined) yield { ...held, revision };
        return;
      }
      if (held !== undefined) yield { ...held, revision };
      held = row;
    }
  }
  const next = nextKey();
  const more = next !== undefined && (end === undefined || compareBytes(next, end) < 0);
  if (held !== undefined) yield { ...held, revision, more };
}

/** Negative, 0 or positive, as keys are ordered: unsigned bytes, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
