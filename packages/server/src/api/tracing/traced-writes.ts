/** A service whose writes have spans of their own: from the proposal until a quorum has the write on disk and it was applied. */
import type { KvService } from '../../service/kv-service.js';
import type { CallTracer } from './call-tracer.js';

/** Passes everything on. */
export function traceWrites(tracer: CallTracer, kv: KvService): KvService {
  return {
    put: (key, value, options) => tracer.inside('kvorum.put', () => kv.put(key, value, options)),
    delete: (key, options) => tracer.inside('kvorum.delete', () => kv.delete(key, options)),
    batch: (operations, options) => tracer.inside('kvorum.batch', () => kv.batch(operations, options)),
    compact: (revision) => tracer.inside('kvorum.compact', () => kv.compact(revision)),
    get: (key, options) => kv.get(key, options),
    list: (options) => kv.list(options),
    count: (options) => kv.count(options),
    watch: (options) => kv.watch(options),
    backup: (options) => kv.backup(options),
    openSession: (options) => kv.openSession(options),
    keepSession: (id, options) => kv.keepSession(id, options),
    closeSession: (id, options) => kv.closeSession(id, options),
  };
}
