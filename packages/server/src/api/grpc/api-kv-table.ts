/** The methods of mökv's api.KV, on the same operations as kvorum.v1.KV. Keys are text here. */
import { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { Method, ServiceTable } from '@kvorum/grpc';
import type { Init } from '@kvorum/protocol';
import { kvMethods, type GetResponse } from '@kvorum/protocol/api/kv.js';
import type { KvService } from '../../service/kv-service.js';
import type { TableDeps } from './kv-service-table.js';
import { keyNotFound } from './operations.js';
import { getServers } from './servers.js';

/** Methods by path. */
export function apiKvTable({ kv, info, calls }: Omit<TableDeps, 'watches'>): ServiceTable {
  const { get, set, list, getServers: servers } = kvMethods;
  return new Map<string, Method>([
    [
      get.path,
      calls.unary('Get', get, async ({ key }, timeoutMs) => {
        const found = await kv.get(Buffer.from(key), { timeoutMs });
        if (found.kv === undefined) throw keyNotFound(found.revision);
        return { key, value: found.kv.value };
      }),
    ],
    [
      set.path,
      calls.unary('Set', set, async ({ key, value }, timeoutMs) => {
        await kv.put(Buffer.from(key), value, { timeoutMs });
        return { ok: true };
      }),
    ],
    [
      kvMethods.delete.path,
      calls.unary('Delete', kvMethods.delete, async ({ key }, timeoutMs) => {
        await kv.delete(Buffer.from(key), { timeoutMs });
        return { ok: true };
      }),
    ],
    [list.path, calls.stream('List', list, (_request, timeoutMs) => textRows(kv, timeoutMs))],
    [servers.path, calls.unary('GetServers', servers, () => ({ servers: getServers(info).servers ?? [] }))],
  ]);
}

/** All rows whose key is text. */
async function* textRows(
  kv: Pick<KvService, 'list'>,
  timeoutMs: number | undefined,
): AsyncGenerator<Init<GetResponse>> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const { pages } = await kv.list({ timeoutMs });
  for await (const page of pages) {
    for (const { key, value } of page) {
      const text = textOf(decoder, key);
      if (text !== undefined) yield { key: text, value };
    }
  }
}

function textOf(decoder: TextDecoder, key: Uint8Array): string | undefined {
  try {
    return decoder.decode(key);
  } catch {
    return undefined;
  }
}
