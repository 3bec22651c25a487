/** Our client on a server of Python's grpcio, which is gRPC's C core. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createRuntime } from '../base/runtime.js';
import { GrpcClient } from '../client/grpc-client.js';
import { Metadata } from '../grpc/metadata.js';
import { Status } from '../grpc/status.js';
import { socketConnector } from '../node/connector.js';
import { gzip } from '../node/gzip.js';
import { createRealClock } from '../node/real-clock.js';
import { echoMethod, FAILURE_DETAILS, FAILURE_TEXT } from './testing/echo-service.js';
import { startPython, withoutPython } from './testing/python.js';

const MIB = 2 ** 20;
const EMPTY = new Uint8Array(0);
const options = { skip: withoutPython, timeout: 60_000 };

async function start(context: TestContext): Promise<GrpcClient> {
  const port = Number(await startPython(context, 'grpcio-server.py'));
  const connector = socketConnector({ host: '127.0.0.1', port });
  const client = new GrpcClient(
    { runtime: createRuntime(createRealClock()), connector },
    { messageBytesMax: 80 * MIB, compressions: [gzip] },
  );
  context.after(() => client.destroy());
  return client;
}

test("our client calls Python's server in all four ways", options, async (context) => {
  const client = await start(context);
  let early: Metadata | undefined;
  let late: Metadata | undefined;
  const asking = {
    metadata: new Metadata().set('x-ask', 'hello').set('x-ask-bin', Uint8Array.of(0, 1, 254, 255)),
    onMetadata: (metadata: Metadata) => void (early = metadata),
    onTrailer: (metadata: Metadata) => void (late = metadata),
  };
  assert.equal(String(Buffer.from(await client.unary(echoMethod('Say'), Buffer.from('hi'), asking))), 'hi');
  assert.equal(early?.get('x-answer'), 'hello');
  assert.deepEqual(late?.getBinary('x-answer-bin'), Uint8Array.of(0, 1, 254, 255));

  const many: string[] = [];
  for await (const each of client.serverStream(echoMethod('Many'), Buffer.from('1000'))) many.push(text(each));
  assert.deepEqual(
    many,
    Array.from({ length: 1000 }, (_, at) => String(at)),
  );
  const requests = Array.from({ length: 1000 }, () => new Uint8Array(100));
  assert.equal(text(await client.clientStream(echoMethod('Count'), requests)), '100000');
  const chat: string[] = [];
  const words = ['one', '', 'three'].map((word) => Buffer.from(word));
  for await (const each of client.bidi(echoMethod('Chat'), words)) chat.push(text(each));
  assert.deepEqual(chat, ['one', '', 'three']);
});

test("our client calls Python's server: errors, deadlines, cancellation", options, async (context) => {
  const client = await start(context);
  await assert.rejects(client.unary(echoMethod('Fail'), EMPTY), {
    code: Status.FAILED_PRECONDITION,
    message: FAILURE_TEXT,
    details: Uint8Array.from(FAILURE_DETAILS),
  });
  await assert.rejects(client.unary(echoMethod('Absent'), EMPTY), { code: Status.UNIMPLEMENTED });
  await assert.rejects(client.unary(echoMethod('Wait'), EMPTY, { timeoutMs: 150 }), { code: Status.DEADLINE_EXCEEDED });
  const abort = new AbortController();
  const call = client.unary(echoMethod('Wait'), EMPTY, { signal: abort.signal });
  abort.abort();
  await assert.rejects(call, { code: Status.CANCELLED });
});

test("our client calls Python's server: 64 MiB each way, gzip, many calls at a time", options, async (context) => {
  const client = await start(context);
  const body = Buffer.alloc(64 * MIB, 'abcdefgh');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), body)).equals(body));
  const packed = Buffer.alloc(200_000, 'ab');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), packed, { compression: gzip })).equals(packed));
  const calls = Array.from({ length: 300 }, (_, at) => client.unary(echoMethod('Say'), Buffer.from(String(at))));
  assert.deepEqual(
    (await Promise.all(calls)).map(text),
    Array.from({ length: 300 }, (_, at) => String(at)),
  );
});

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
