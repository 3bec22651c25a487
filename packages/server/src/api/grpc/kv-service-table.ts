/** The methods of kvorum.v1.KV on the service. */
import { Metadata, type Method, type ServiceTable } from '@kvorum/grpc';
import { SESSION_IDLE_MS, SESSION_WINDOW } from '@kvorum/core/kv/session-codec.js';
import type { Init } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { GetResponse } from '@kvorum/protocol/kvorum/v1/read.js';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import { openList, type Rows } from './list.js';
import { deleteKey, getKey, runBatch, setKey } from './operations.js';
import { checkKeyspace } from './requests.js';
import type { ServedCalls } from './served-calls.js';
import { getServers } from './servers.js';
import type { WatchStreams } from './watch.js';

/** The response header of List that tells the revision it shows. */
export const revisionHeader = 'kvorum-revision';

export interface TableDeps {
  readonly kv: KvService;
  readonly info: Pick<NodeInfo, 'status'>;
  readonly calls: ServedCalls;
  readonly watches: WatchStreams;
}

/** Methods by path. */
export function kvServiceTable({ kv, info, calls, watches }: TableDeps): ServiceTable {
  const { get, set, list, batch, watch, getServers: servers } = kvMethods;
  const publicError = (cause: unknown) => calls.publicError(cause);
  return new Map<string, Method>([
    [get.path, calls.unary('Get', get, (request, timeoutMs) => getKey(kv, request, timeoutMs))],
    [set.path, calls.unary('Set', set, (request, timeoutMs) => setKey(kv, request, timeoutMs))],
    [
      kvMethods.delete.path,
      calls.unary('Delete', kvMethods.delete, (request, timeoutMs) => deleteKey(kv, request, timeoutMs)),
    ],
    [batch.path, calls.unary('Batch', batch, (request, timeoutMs) => runBatch(kv, request, timeoutMs, publicError))],
    [
      list.path,
      calls.stream('List', list, (request, timeoutMs, call) => {
        const opened = openList(kv, request, timeoutMs);
        return streamed(opened, (revision) =>
          call.sendMetadata(new Metadata().append(revisionHeader, String(revision))),
        );
      }),
    ],
    [
      servers.path,
      calls.unary('GetServers', servers, ({ keyspace }) => {
        checkKeyspace(keyspace, false);
        return getServers(info);
      }),
    ],
    [watch.path, calls.stream('Watch', watch, (request, timeoutMs, call) => watches.open(request, timeoutMs, call))],
    ...sessionMethods(kv, calls),
  ]);
}

function sessionMethods(kv: KvService, calls: ServedCalls): [string, Method][] {
  const { openSession, keepAliveSession, closeSession } = kvMethods;
  return [
    [
      openSession.path,
      calls.unary('OpenSession', openSession, async ({ keyspace }, timeoutMs) => {
        checkKeyspace(keyspace, true);
        const { id, idleMs } = await kv.openSession({ timeoutMs });
        return { session: id, idleMs, window: SESSION_WINDOW };
      }),
    ],
    [
      keepAliveSession.path,
      calls.unary('KeepAliveSession', keepAliveSession, async ({ keyspace, session }, timeoutMs) => {
        checkKeyspace(keyspace, true);
        await kv.keepSession(session, { timeoutMs });
        return { idleMs: SESSION_IDLE_MS };
      }),
    ],
    [
      closeSession.path,
      calls.unary('CloseSession', closeSession, async ({ keyspace, session }, timeoutMs) => {
        checkKeyspace(keyspace, true);
        await kv.closeSession(session, { timeoutMs });
        return {};
      }),
    ],
  ];
}

/** The rows of a list that is being opened; `onOpened` runs before the first. */
async function* streamed(
  opened: Promise<Rows>,
  onOpened: (revision: number) => void,
): AsyncGenerator<Init<GetResponse>> {
  const { revision, rows } = await opened;
  onOpened(revision);
  yield* rows;
}
