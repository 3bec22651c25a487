/**
 * A node's service for clients that can't know which node answered: what a replica with a wrong state shows until that is found out nobody promises to be right
 * (R14), so such reads fail, as they do once it is found out.
 */
import { KvorumError } from '@kvorum/protocol';
import type { KvService, Listing, Watch } from '@kvorum/server/internal/service/kv-service.js';

export function trustedKv(kv: KvService, misreader: { readonly hasMisread: boolean }): KvService {
  const check = <T>(answer: T): T => {
    if (misreader.hasMisread) throw new KvorumError('CORRUPT', 'this replica carried out an entry wrongly');
    return answer;
  };
  async function* checked<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const part of parts) yield check(part);
  }
  return {
    get: (key, options) => kv.get(key, options).then(check),
    put: (key, value, options) => kv.put(key, value, options),
    delete: (key, options) => kv.delete(key, options),
    batch: (operations, options) => kv.batch(operations, options),
    openSession: (options) => kv.openSession(options),
    keepSession: (id, options) => kv.keepSession(id, options),
    closeSession: (id, options) => kv.closeSession(id, options),
    list: (options) => kv.list(options).then((listing): Listing => ({ ...listing, pages: checked(listing.pages) })),
    watch: (options) => kv.watch(options).then((watch): Watch => ({ ...watch, batches: checked(watch.batches) })),
    count: (options) => kv.count(options).then(check),
    backup: (options) => kv.backup(options),
    compact: (revision) => kv.compact(revision),
  };
}
