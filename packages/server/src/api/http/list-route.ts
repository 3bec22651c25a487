/**
 * `GET /kv/?…`: keys in order as an NDJSON stream, at one revision. Memory is bounded by the page and one piece: the stream goes on only
 * when the socket took what it was given (N8), and gives the loop back every few milliseconds (N11).
 */
import { errorBody, keyBytesMax, KvorumError } from '@kvorum/protocol';
import type { KeyValue, KvService, Listing } from '../../service/kv-service.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Exchange } from './exchange.js';
import { keyTooLarge, readOptions } from './kv-routes.js';
import { rowLine } from './ndjson.js';
import { PacedWriter } from './paced-writer.js';
import { parseQuery, type Query, type QueryName } from './query.js';

const listNames: readonly QueryName[] = [
  'prefix',
  'limit',
  'cursor',
  'keys',
  'count',
  'revision',
  'serializable',
  'maxStaleness',
  'timeout',
];
const allKeys = new Uint8Array(0);

export function listKeys(exchange: Exchange, kv: KvService, queryText: string | undefined): void {
  exchange.route = 'list';
  const query = parseQuery(queryText, listNames);
  const prefix = query.prefix ?? allKeys;
  if (prefix.length > keyBytesMax) throw keyTooLarge(prefix.length, 'prefix');
  if (query.count === true) countKeys(exchange, kv, query, prefix);
  else openListing(exchange, kv, query, prefix);
}

function countKeys(exchange: Exchange, kv: KvService, query: Query, prefix: Uint8Array): void {
  refuseBeside(query, 'count', ['limit', 'cursor', 'keys']);
  kv.count({ ...readOptions(query), prefix }).then(
    ({ count, revision }) => exchange.sendJson(200, { count, revision }, ['X-Kvorum-Revision', String(revision)]),
    (error: unknown) => exchange.fail(error),
  );
}

function openListing(exchange: Exchange, kv: KvService, query: Query, prefix: Uint8Array): void {
  const isKeysOnly = query.keys === true;
  const options = { ...readOptions(query), prefix, limit: query.limit, keysOnly: isKeysOnly };
  if (query.cursor !== undefined) refuseBeside(query, 'cursor', ['revision']);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, prefix);
  const opened = kv.list(cursor === undefined ? options : { ...options, revision: cursor.revision, from: cursor.key });
  opened
    .then((listing) => new ListStream(exchange, listing, isKeysOnly).run())
    .catch((error: unknown) => exchange.fail(error));
}

function refuseBeside(query: Query, name: QueryName, others: readonly QueryName[]): void {
  const other = others.find((each) => query[each] !== undefined);
  if (other === undefined) return;
  const allowed = `${name} without ${others.join(', ')}`;
  throw new KvorumError('INVALID_ARGUMENT', `${name} and ${other} exclude each other`, { field: other, allowed });
}

class ListStream {
  readonly #exchange: Exchange;
  readonly #listing: Listing;
  readonly #isKeysOnly: boolean;
  readonly #writer: PacedWriter;

  constructor(exchange: Exchange, listing: Listing, isKeysOnly: boolean) {
    this.#exchange = exchange;
    this.#listing = listing;
    this.#isKeysOnly = isKeysOnly;
    this.#writer = new PacedWriter(exchange);
  }

  /** The head is sent only after the first page, so that an early failure still has its own status. */
  async run(): Promise<void> {
    const { revision } = this.#listing;
    const pages = this.#listing.pages[Symbol.asyncIterator]();
    try {
      let page = await pages.next();
      if (this.#exchange.isGone) return;
      this.#exchange.begin(200, [
        'Content-Type',
        'application/x-ndjson',
        'Cache-Control',
        'no-store',
        'X-Kvorum-Revision',
        String(revision),
      ]);
      while (page.done !== true) {
        await this.#writePage(page.value);
        if (this.#exchange.isGone) return;
        page = await pages.next();
      }
      this.#end(revision);
    } catch (error) {
      if (!this.#exchange.response.headersSent) throw error;
      this.#breakOff(error);
    } finally {
      await pages.return?.();
    }
  }

  async #writePage(rows: readonly KeyValue[]): Promise<void> {
    for (const row of rows) {
      if (!this.#writer.add(rowLine(row, this.#isKeysOnly))) continue;
      await this.#writer.flush();
      if (this.#exchange.isGone) return;
    }
  }

  #end(revision: number): void {
    const nextKey = this.#listing.nextKey();
    const last = nextKey === undefined ? '' : `{"cursor":"${encodeCursor({ revision, key: nextKey })}"}\n`;
    this.#exchange.response.end(this.#writer.takeRest() + last);
  }

  /** The body is chunked and its last chunk is never sent, so no client can take the list for complete. */
  #breakOff(cause: unknown): void {
    const { response } = this.#exchange;
    if (this.#exchange.isGone) return;
    const line = `${JSON.stringify(errorBody(this.#exchange.publicError(cause)))}\n`;
    response.write(this.#writer.takeRest() + line, () => response.socket?.destroySoon());
  }
}
