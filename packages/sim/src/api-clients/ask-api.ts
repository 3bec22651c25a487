/** Makes one call of the real client, as an application does, and puts what it is told in the history's words. */
import { type Client, ClientError } from '@kvorum/client';
import type { Answer, Request, SeenKey } from '../workload/history.js';
import { isWrite } from '../workload/perform.js';

/** What an application that asks for nothing wrong is never told: the client, or a node, has made a mistake. */
const codesOfBugs: ReadonlySet<string> = new Set(['INTERNAL', 'INVALID_ARGUMENT', 'SEQUENCE_REFUSED']);

/** Never rejects: what went wrong is an `unknown` or `refused` answer, and a bug is an answer of code `BUG`. */
export async function askApi(client: Client, request: Request): Promise<Answer> {
  try {
    return await call(client, request);
  } catch (error) {
    return failure(error, isWrite(request));
  }
}

async function call(client: Client, request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'put': {
      const { key, value, ifModRevision, ifAbsent } = request;
      const condition = ifModRevision === undefined ? { ifAbsent } : { ifModRevision, ifAbsent };
      return { kind: 'written', ...(await client.set(key, value, condition)) };
    }
    case 'delete': {
      const { key, ifModRevision } = request;
      const { revision, deleted } = await client.delete(key, ifModRevision === undefined ? {} : { ifModRevision });
      return { kind: 'deleted', revision, deleted: deleted ? 1 : 0 };
    }
    case 'get': {
      const { revision } = request;
      const found = await client.get(request.key, { consistency: consistencyOf(request), revision });
      return found === undefined ? nothing(request) : seenAt(found.revision, [seen(found)], request);
    }
    case 'list':
      return list(client, request);
    case 'count':
    case 'compact':
      throw new Error(`the client has no ${request.kind}`);
  }
}

async function list(client: Client, request: Extract<Request, { readonly kind: 'list' }>): Promise<Answer> {
  const { prefix, revision } = request;
  const keys: SeenKey[] = [];
  let shown: number | undefined;
  for await (const row of client.list({ prefix, consistency: consistencyOf(request), revision })) {
    shown ??= row.revision;
    if (row.revision !== shown) throw new Error(`a list shows revisions ${shown} and ${row.revision}`);
    keys.push(seen(row));
  }
  return shown === undefined ? nothing(request) : seenAt(shown, keys, request);
}

/** A read at an old revision shows that one, whatever it says. */
function seenAt(shown: number, keys: readonly SeenKey[], { revision = shown }: { readonly revision?: number }): Answer {
  return { kind: 'seen', revision, keys };
}

/** Of what is absent the client tells no revision. */
function nothing({ revision }: { readonly revision?: number }): Answer {
  return revision === undefined ? { kind: 'absent' } : { kind: 'seen', revision, keys: [] };
}

type Row = Pick<SeenKey, 'modRevision' | 'createRevision' | 'version'> & { keyText(): string; text(): string };

function seen(row: Row): SeenKey {
  const { modRevision, createRevision, version } = row;
  return { key: row.keyText(), value: row.text(), modRevision, createRevision, version };
}

function consistencyOf({ isSerializable, maxStalenessMs }: Extract<Request, { readonly kind: 'get' | 'list' }>) {
  if (!isSerializable) return 'linearizable';
  return maxStalenessMs === undefined ? 'serializable' : { maxStalenessMs };
}

function failure(error: unknown, isWriting: boolean): Answer {
  if (!(error instanceof ClientError) || codesOfBugs.has(error.code)) {
    return { kind: 'refused', code: `BUG: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  }
  const { code, mayHaveHappened, revision } = error;
  if (mayHaveHappened && !isWriting)
    return { kind: 'refused', code: `BUG: a read of which ${code} says it may have happened` };
  if (code === 'CONDITION_FAILED') return { kind: 'conditionFailed', modRevision: revision };
  return { kind: mayHaveHappened ? 'unknown' : 'refused', code };
}
