import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ByteConnection } from '../base/byte-connection.js';
import { createRuntime } from '../base/runtime.js';
import { ManualClock } from '../base/testing/manual-clock.js';
import { createMemoryPair } from '../base/testing/memory-connection.js';
import { bytesCodec } from '../grpc/codec.js';
import { Status } from '../grpc/status.js';
import { ErrorCode } from '../http2/error-code.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { Http2Stream } from '../http2/http2-stream.js';
import { CallError } from './call-error.js';
import { GrpcClient } from './grpc-client.js';
import type { ClientState, GrpcClientOptions } from './options.js';

const say = { path: '/echo.Echo/Say', request: bytesCodec, response: bytesCodec };
const EMPTY = new Uint8Array(0);

/** A client over memory, and a server that leaves each request to the test. */
function clientWithServer(options: GrpcClientOptions = {}, isReachable = true) {
  const clock = new ManualClock();
  const runtime = createRuntime(clock);
  const streams: Http2Stream[] = [];
  const requests: Record<string, string>[] = [];
  const closes: string[] = [];
  const servers: Http2Connection[] = [];
  const states: ClientState[] = [];
  const ends: ByteConnection[] = [];
  const connect = (signal: AbortSignal): Promise<ByteConnection> => {
    if (!isReachable)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    const [near, far] = createMemoryPair(clock);
    ends.push(far);
    const handler = {
      onStream(stream: Http2Stream, headers: readonly string[]) {
        const fields: Record<string, string> = {};
        for (let at = 0; at < headers.length; at += 2) fields[headers[at] ?? ''] = headers[at + 1] ?? '';
        streams.push(stream);
        requests.push(fields);
        const onClose = (error?: Error) => void closes.push(error === undefined ? 'ended' : error.message);
        return { onHeaders() {}, onData() {}, onWritable() {}, onClose };
      },
      onGoAway() {},
      onClose() {},
    };
    const limits = { concurrentStreamsMax: 2 };
    servers.push(new Http2Connection({ connection: far, runtime, handler }, { role: 'server', limits }));
    return Promise.resolve(near);
  };
  const client = new GrpcClient(
    {
      runtime,
      connector: { authority: 'there:1', scheme: 'http', connect },
      onState: (state) => states.push(state),
    },
    options,
  );
  /** Lets promises and turns run until nothing moves. */
  const settle = async () => {
    for (let round = 0; round < 4; round += 1) {
      await turn();
      clock.settle();
    }
    await turn();
  };
  /** The server's end takes nothing from now on, as when its machine is off. */
  const loseBytes = (): void => {
    for (const end of ends) end.pause();
  };
  return { client, clock, streams, requests, closes, servers, states, settle, loseBytes };
}

/** How a call fails. */
function failure(call: Promise<unknown>): Promise<{ code: number; delivery: string }> {
  return call.then(
    () => assert.fail('it was answered'),
    (error) => {
      assert.ok(error instanceof CallError, String(error));
      return { code: error.code, delivery: error.delivery };
    },
  );
}

function answer(stream: Http2Stream | undefined): void {
  stream?.sendHeaders([':status', '200', 'content-type', 'application/grpc'], false);
  stream?.sendData(new Uint8Array(5), false);
  stream?.sendHeaders(['grpc-status', '0'], true);
}

test('the connection is opened by the first call, and calls of one turn travel in it', async () => {
  const { client, requests, streams, states, settle } = clientWithServer();
  assert.deepEqual(states, []);
  const calls = [client.unary(say, EMPTY, { timeoutMs: 5_000 }), client.unary(say, EMPTY)];
  assert.deepEqual(states, ['connecting']);
  await settle();
  assert.deepEqual(states, ['connecting', 'ready']);
  assert.equal(requests[0]?.[':path'], '/echo.Echo/Say');
  assert.equal(requests[0]?.[':authority'], 'there:1');
  assert.match(requests[0]?.['grpc-timeout'] ?? '', /^\d+m$/);
  for (const stream of streams) answer(stream);
  await settle();
  assert.deepEqual(await Promise.all(calls), [EMPTY, EMPTY]);
});

test('R20: without a connection calls fail as not sent when the time to connect is up', async () => {
  const { client, clock, states, settle } = clientWithServer({ connectTimeoutMs: 100 }, false);
  const call = failure(client.unary(say, EMPTY));
  await settle();
  clock.advance(101);
  await settle();
  assert.deepEqual(await call, { code: Status.UNAVAILABLE, delivery: 'not_sent' });
  assert.deepEqual(states, ['connecting', 'idle']);
});

test('R20: a deadline passes as not sent before the connection is there, as unknown after', async () => {
  const waiting = clientWithServer({ connectTimeoutMs: 1_000 }, false);
  const unsent = failure(waiting.client.unary(say, EMPTY, { timeoutMs: 50 }));
  waiting.clock.advance(60);
  assert.deepEqual(await unsent, { code: Status.DEADLINE_EXCEEDED, delivery: 'not_sent' });

  const { client, clock, closes, settle } = clientWithServer();
  const sent = failure(client.unary(say, EMPTY, { timeoutMs: 50 }));
  await settle();
  clock.advance(60);
  await settle();
  assert.deepEqual(await sent, { code: Status.DEADLINE_EXCEEDED, delivery: 'unknown' });
  assert.equal(closes.length, 1, 'the server learns of it');
});

test('R20: a refused stream was not sent, one that was reset otherwise is unknown', async () => {
  const { client, streams, settle } = clientWithServer();
  const calls = [failure(client.unary(say, EMPTY)), failure(client.unary(say, EMPTY))];
  await settle();
  streams[0]?.reset(ErrorCode.refusedStream);
  streams[1]?.reset(ErrorCode.internalError);
  await settle();
  assert.deepEqual(await Promise.all(calls), [
    { code: Status.UNAVAILABLE, delivery: 'not_sent' },
    { code: Status.INTERNAL, delivery: 'unknown' },
  ]);
});

test('R20: a lost connection leaves calls unknown, and the next call opens another', async () => {
  const { client, servers, streams, states, settle } = clientWithServer();
  const call = failure(client.unary(say, EMPTY));
  await settle();
  servers[0]?.abort(ErrorCode.internalError, 'gone');
  await settle();
  assert.equal((await call).delivery, 'unknown');
  const next = client.unary(say, EMPTY);
  await settle();
  answer(streams[1]);
  await settle();
  assert.deepEqual(await next, EMPTY);
  assert.deepEqual(states, ['connecting', 'ready', 'idle', 'connecting', 'ready']);
});

test('a GOAWAY lets calls under way end and sends new ones over another connection', async () => {
  const { client, servers, streams, states, settle } = clientWithServer();
  const old = client.unary(say, EMPTY);
  await settle();
  servers[0]?.drain();
  await settle();
  assert.deepEqual(states.at(-1), 'idle');
  const fresh = client.unary(say, EMPTY);
  await settle();
  assert.equal(servers.length, 2);
  for (const stream of streams) answer(stream);
  await settle();
  assert.deepEqual(await Promise.all([old, fresh]), [EMPTY, EMPTY]);
});

test('calls above the limit of streams wait in order; above waitingCallsMax they fail as not sent', async () => {
  const { client, streams, settle } = clientWithServer({ waitingCallsMax: 2 });
  client.connect();
  await settle();
  const calls = Array.from({ length: 4 }, () => client.unary(say, EMPTY));
  const refused = failure(client.unary(say, EMPTY));
  await settle();
  assert.equal(streams.length, 2);
  assert.deepEqual(await refused, { code: Status.RESOURCE_EXHAUSTED, delivery: 'not_sent' });
  for (const stream of streams.slice(0, 2)) answer(stream);
  await settle();
  for (const stream of streams.slice(2, 4)) answer(stream);
  await settle();
  assert.equal((await Promise.all(calls)).length, 4);
});

test('keepalive gives up a connection that no longer answers while calls are open', async () => {
  const { client, clock, settle, loseBytes, states } = clientWithServer({
    keepaliveMs: 1_000,
    http2: { pingTimeoutMs: 500 },
  });
  const call = failure(client.unary(say, EMPTY));
  await settle();
  for (let seconds = 0; seconds < 3; seconds += 1) {
    clock.advance(1_100);
    await settle();
  }
  assert.deepEqual(states.at(-1), 'ready');
  loseBytes();
  for (let seconds = 0; seconds < 3; seconds += 1) {
    clock.advance(1_100);
    await settle();
  }
  assert.deepEqual(await call, { code: Status.UNAVAILABLE, delivery: 'unknown' });
  assert.deepEqual(states.at(-1), 'idle');
});

test('a closed client takes no calls; destroy ends those under way', async () => {
  const { client, settle, states } = clientWithServer();
  const call = failure(client.unary(say, EMPTY));
  await settle();
  const closed = client.destroy();
  await settle();
  await closed;
  assert.equal((await call).delivery, 'unknown');
  assert.deepEqual(await failure(client.unary(say, EMPTY)), { code: Status.UNAVAILABLE, delivery: 'not_sent' });
  assert.equal(states.at(-1), 'closed');
});

test('responses that break the rules are errors', async () => {
  const cases: [(stream: Http2Stream) => void, number, string][] = [
    [(stream) => stream.sendHeaders([':status', '503'], true), Status.UNAVAILABLE, 'unknown'],
    [(stream) => stream.sendHeaders([':status', '200', 'content-type', 'text/html'], false), Status.UNKNOWN, 'unknown'],
    [
      (stream) => stream.sendHeaders([':status', '200', 'content-type', 'application/grpc', 'grpc-status', '0'], true),
      Status.INTERNAL,
      'unknown',
    ],
    [
      (stream) => {
        stream.sendHeaders([':status', '200', 'content-type', 'application/grpc'], false);
        stream.sendData(new Uint8Array(10), false);
        stream.sendHeaders(['grpc-status', '0'], true);
      },
      Status.INTERNAL,
      'unknown',
    ],
  ];
  for (const [respond, code, delivery] of cases) {
    const { client, streams, settle } = clientWithServer();
    const call = failure(client.unary(say, EMPTY));
    await settle();
    for (const stream of streams) respond(stream);
    await settle();
    assert.deepEqual(await call, { code, delivery });
  }
});
