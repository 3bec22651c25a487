/**
 * `GET /backup`: the default keyspace at one revision with its history, as a stream in the backup format. The stream goes on only when the
 * socket took what it was given (N8); it breaks off without its last chunk when anything is wrong, so nobody can take it for whole.
 */
import { KvorumError } from '@kvorum/protocol';
import type { Backup, KvService } from '../../service/kv-service.js';
import { drained } from './drained.js';
import type { Exchange } from './exchange.js';
import { parseQuery } from './query.js';

export function streamBackup(exchange: Exchange, kv: KvService, queryText: string | undefined): void {
  exchange.route = 'backup';
  const { keyspace, serializable, timeout } = parseQuery(queryText, ['keyspace', 'serializable', 'timeout']);
  if (keyspace !== undefined && keyspace !== 'default') {
    throw new KvorumError('KEYSPACE_NOT_FOUND', `there is no keyspace ${JSON.stringify(keyspace.slice(0, 64))}`, {
      field: 'keyspace',
      allowed: 'default',
    });
  }
  const consistency = serializable === true ? 'serializable' : 'linearizable';
  kv.backup({ consistency, timeoutMs: timeout })
    .then((backup) => send(exchange, backup))
    .catch((error: unknown) => exchange.fail(error));
}

/** The head is sent with the first chunk, so that an early failure still has its own status. */
async function send(exchange: Exchange, { revision, bytesEstimate, chunks, close }: Backup): Promise<void> {
  const { response } = exchange;
  try {
    for await (const chunk of chunks) {
      if (exchange.isGone) return;
      if (!response.headersSent) {
        exchange.begin(200, [
          'Content-Type',
          'application/octet-stream',
          'Cache-Control',
          'no-store',
          'X-Kvorum-Revision',
          String(revision),
          'X-Kvorum-Bytes-Estimate',
          String(bytesEstimate),
        ]);
      }
      if (!response.write(chunk)) await drained(exchange);
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    exchange.breakOff(error);
  } finally {
    close();
  }
}
