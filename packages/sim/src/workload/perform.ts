/** Carries out one request at a node's service, as an embedding application would, and puts the answer in the history's words. */
import { KvorumError } from '@kvorum/protocol';
import type { KeyValue, KvService, ReadOptions, WriteSession } from '@kvorum/server/internal/service/kv-service.js';
import type { Answer, Request, SeenKey } from './history.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Never rejects: what can't be told is an `unknown` or `refused` answer, and a bug is an answer of code `BUG`. */
export async function perform(kv: KvService, request: Request, session?: WriteSession): Promise<Answer> {
  try {
    return await call(kv, request, session);
  } catch (error) {
    return failure(error, isWrite(request));
  }
}

export function isWrite(request: Request): boolean {
  return request.kind === 'put' || request.kind === 'delete' || request.kind === 'compact';
}

async function call(kv: KvService, request: Request, session: WriteSession | undefined): Promise<Answer> {
  switch (request.kind) {
    case 'put': {
      const { ifModRevision, ifAbsent } = request;
      const result = await kv.put(encoder.encode(request.key), encoder.encode(request.value), {
        ifModRevision,
        ifAbsent,
        session,
      });
      return { kind: 'written', ...result };
    }
    case 'delete': {
      const { ifModRevision } = request;
      const result = await kv.delete(encoder.encode(request.key), { ifModRevision, session });
      return { kind: 'deleted', ...result };
    }
    case 'get': {
      const result = await kv.get(encoder.encode(request.key), readOptions(request));
      const keys = result.kv === undefined ? [] : [seen(result.kv)];
      return { kind: 'seen', revision: request.revision ?? result.revision, keys };
    }
    case 'list': {
      const prefix = encoder.encode(request.prefix);
      const listing = await kv.list({ ...readOptions(request), prefix });
      const keys: SeenKey[] = [];
      for await (const page of listing.pages) keys.push(...page.map(seen));
      return { kind: 'seen', revision: listing.revision, keys };
    }
    case 'count':
      return { kind: 'counted', ...(await kv.count({ prefix: encoder.encode(request.prefix) })) };
    case 'compact':
      return { kind: 'compacted', ...(await kv.compact(request.revision)) };
  }
}

function readOptions(request: Extract<Request, { readonly kind: 'get' | 'list' }>): ReadOptions {
  const { isSerializable, maxStalenessMs, revision } = request;
  const local = maxStalenessMs === undefined ? 'serializable' : 'maxStaleness';
  return { consistency: isSerializable ? local : 'linearizable', maxStalenessMs, revision };
}

function seen(row: KeyValue): SeenKey {
  return {
    key: decoder.decode(row.key),
    value: decoder.decode(row.value),
    modRevision: row.modRevision,
    createRevision: row.createRevision,
    version: row.version,
  };
}

function failure(error: unknown, isWriting: boolean): Answer {
  if (!(error instanceof KvorumError)) {
    return { kind: 'refused', code: `BUG: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  }
  if (error.code === 'CONDITION_FAILED') {
    return { kind: 'conditionFailed', modRevision: error.details.currentRevision };
  }
  const isUnknown = isWriting && error.details.mayHaveHappened === true;
  return { kind: isUnknown ? 'unknown' : 'refused', code: error.code };
}
