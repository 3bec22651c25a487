/** `POST /compact?revision=N`: forgets the versions older than a revision. */
import { KvorumError } from '@kvorum/protocol';
import type { KvService } from '../../service/kv-service.js';
import type { Exchange } from './exchange.js';
import { parseQuery } from './query.js';

export function compactRevisions(exchange: Exchange, kv: KvService, queryText: string | undefined): void {
  exchange.route = 'compact';
  exchange.isWrite = true;
  const { revision } = parseQuery(queryText, ['revision']);
  if (revision === undefined) {
    throw new KvorumError('INVALID_ARGUMENT', 'the query parameter revision is missing', {
      field: 'revision',
      allowed: 'a revision to keep, with all after it',
    });
  }
  kv.compact(revision).then(
    (result) => exchange.sendJson(200, { compactRevision: revision, revision: result.revision }),
    (error: unknown) => exchange.fail(error),
  );
}
