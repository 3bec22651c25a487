/** A node over gRPC that fails as a test wants it; it leads, as it says, and knows of no other node. */
import type { TestContext } from 'node:test';
import {
  createRealClock,
  createRuntime,
  GrpcError,
  GrpcListener,
  GrpcServer,
  type Method,
  serverStream,
  unary,
} from '@kvorum/grpc';
import { grpcStatus, type KvorumError } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { GetResponse } from '@kvorum/protocol/kvorum/v1/read.js';
import { ServerRole } from '@kvorum/protocol/kvorum/v1/servers.js';

/** How it answers: with an error, not at all, or by cutting the connection. */
export type FakeAnswer = KvorumError | 'silent' | 'cut';

export interface FakeKv {
  readonly set?: FakeAnswer;
  readonly get?: FakeAnswer;
  /** Rows of a list before its error. */
  readonly rows?: readonly string[];
  readonly list?: KvorumError;
  readonly watch?: KvorumError;
}

/** Starts it for the test; resolves with its address. */
export async function startFakeKv(context: TestContext, answers: FakeKv): Promise<string> {
  const runtime = createRuntime(createRealClock());
  const told = { address: '' };
  const { get, set, list, watch, getServers } = kvMethods;
  const services = new Map<string, Method>([
    [
      getServers.path,
      unary(getServers.request, getServers.response, () => {
        const server = { rpcAddr: told.address, isLeader: true, role: ServerRole.LEADER, isConnected: true };
        return getServers.response.decode(getServers.response.encode({ servers: [{ id: '1', ...server }], term: 1 }));
      }),
    ],
    [get.path, unary(get.request, get.response, () => fail(answers.get))],
    [set.path, unary(set.request, set.response, () => fail(answers.set))],
    [watch.path, unary(watch.request, watch.response, () => fail(answers.watch))],
    [list.path, serverStream(list.request, list.response, () => rows(answers))],
  ]);
  const server = new GrpcServer({ runtime, services });
  const listener = new GrpcListener({ runtime, server }, { port: 0, host: '127.0.0.1' });
  const cut = async (): Promise<void> => {
    const closed = listener.close();
    await server.destroy();
    await closed;
    runtime.timers.close();
  };
  context.after(cut);
  const { host, port } = await listener.start();
  told.address = `${host}:${port}`;
  return told.address;

  async function fail(answer: FakeAnswer | undefined): Promise<never> {
    if (answer instanceof Error) throw statusOf(answer);
    if (answer === 'cut') await cut();
    return new Promise(() => undefined);
  }
}

async function* rows({ rows: keys = [], list }: FakeKv): AsyncGenerator<GetResponse> {
  const { response } = kvMethods.list;
  for (const key of keys) yield response.decode(response.encode({ key: Buffer.from(key), revision: 5 }));
  if (list !== undefined) throw statusOf(list);
}

function statusOf(error: KvorumError): GrpcError {
  const { code, message, details } = grpcStatus(error);
  return new GrpcError(code, message, { details });
}
