/** @grpc/grpc-js as the client of our server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Status } from '../grpc/status.js';
import type { GrpcServerOptions } from '../server/options.js';
import { FAILURE_DETAILS, FAILURE_TEXT } from './testing/echo-service.js';
import { startOwnServer } from './testing/own-server.js';
import { settled, until } from './testing/until.js';

const MIB = 2 ** 20;
const same = (bytes: Buffer): Buffer => bytes;
const path = (name: string): string => `/echo.Echo/${name}`;

async function start(context: TestContext, options?: GrpcServerOptions, channel: grpc.ClientOptions = {}) {
  const own = await startOwnServer(context, options);
  const limits = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
  const client = new grpc.Client(`127.0.0.1:${own.port}`, grpc.credentials.createInsecure(), { ...limits, ...channel });
  context.after(() => client.close());
  return { ...own, client };
}

interface Answer {
  readonly error: grpc.ServiceError | null;
  readonly value: Buffer | undefined;
  readonly metadata: grpc.Metadata | undefined;
  readonly status: grpc.StatusObject;
}

/** Waits for everything that grpc-js tells of a call with one response. */
async function finished(
  run: (callback: grpc.requestCallback<Buffer>) => grpc.ClientUnaryCall | grpc.ClientWritableStream<Buffer>,
): Promise<Answer> {
  let call: grpc.ClientUnaryCall | grpc.ClientWritableStream<Buffer> | undefined;
  let metadata: grpc.Metadata | undefined;
  let status: Promise<unknown[]> | undefined;
  const [error, value] = await new Promise<[grpc.ServiceError | null, Buffer | undefined]>((resolve) => {
    call = run((failure, answer) => resolve([failure, answer]));
    call.on('metadata', (received: grpc.Metadata) => void (metadata = received));
    status = once(call, 'status');
  });
  const [last] = (await status) ?? [];
  return { error, value, metadata, status: last as grpc.StatusObject };
}

function unary(
  client: grpc.Client,
  name: string,
  body: Buffer,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
) {
  return finished((done) => client.makeUnaryRequest(path(name), same, same, body, metadata, options, done));
}

function asking(): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('x-ask', 'hello');
  metadata.set('x-ask-bin', Buffer.from([0, 1, 254, 255]));
  return metadata;
}

function checkMetadata(early: grpc.Metadata | undefined, late: grpc.Metadata): void {
  assert.deepEqual(early?.get('x-answer'), ['hello']);
  assert.deepEqual(late.get('x-answer-bin'), [Buffer.from([0, 1, 254, 255])]);
}

test('grpc-js calls our server: unary, of handlers with and without a promise, with metadata both ways', async (context) => {
  const { client } = await start(context);
  for (const name of ['Say', 'SayLater']) {
    const { value, metadata, status } = await unary(client, name, Buffer.from('hi'), asking());
    assert.equal(String(value), 'hi');
    assert.equal(status.code, grpc.status.OK);
    checkMetadata(metadata, status.metadata);
  }
  assert.equal((await unary(client, 'Say', Buffer.alloc(0))).value?.length, 0);
});

test('grpc-js calls our server: errors carry code, text and details', async (context) => {
  const { client } = await start(context);
  const failed = await unary(client, 'Fail', Buffer.alloc(0));
  assert.equal(failed.error?.code, Status.FAILED_PRECONDITION);
  assert.equal(failed.error?.details, FAILURE_TEXT);
  assert.deepEqual(failed.error?.metadata.get('grpc-status-details-bin'), [FAILURE_DETAILS]);
  const absent = await unary(client, 'Absent', Buffer.alloc(0));
  assert.equal(absent.error?.code, Status.UNIMPLEMENTED);
});

test('grpc-js calls our server: a stream of responses', async (context) => {
  const { client } = await start(context);
  const call = client.makeServerStreamRequest(path('Many'), same, same, Buffer.from('1000'), asking(), {});
  let early: grpc.Metadata | undefined;
  call.on('metadata', (metadata: grpc.Metadata) => void (early = metadata));
  const status = once(call, 'status');
  const read: string[] = [];
  for await (const message of call) read.push(String(message));
  assert.deepEqual(
    read,
    Array.from({ length: 1000 }, (_, at) => String(at)),
  );
  const [{ metadata }] = (await status) as [grpc.StatusObject];
  checkMetadata(early, metadata);

  const failing = client.makeServerStreamRequest(path('ManyThenFail'), same, same, Buffer.from('3'));
  let count = 0;
  await assert.rejects(
    async () => {
      for await (const _ of failing) count += 1;
    },
    { code: Status.ABORTED, details: 'half way' },
  );
  assert.equal(count, 3);
});

test('grpc-js calls our server: a stream of requests, and streams both ways', async (context) => {
  const { client } = await start(context);
  const { value, metadata, status } = await finished((done) => {
    const call = client.makeClientStreamRequest(path('Count'), same, same, asking(), {}, done);
    for (let at = 0; at < 1000; at += 1) call.write(Buffer.alloc(100));
    call.end();
    return call;
  });
  assert.equal(String(value), '100000');
  checkMetadata(metadata, status.metadata);

  const chat = client.makeBidiStreamRequest(path('Chat'), same, same);
  for (const word of ['one', 'two', 'three']) {
    chat.write(Buffer.from(word));
    const [answer] = (await once(chat, 'data')) as [Buffer];
    assert.equal(String(answer), word);
  }
  chat.end();
  await once(chat, 'end');
});

test('grpc-js calls our server: deadlines travel and end calls', async (context) => {
  const { client, log } = await start(context);
  const { error } = await unary(client, 'Wait', Buffer.alloc(0), undefined, { deadline: Date.now() + 150 });
  assert.equal(error?.code, Status.DEADLINE_EXCEEDED);
  await until(() => log.cancelled.length === 1);
  const [left] = log.deadlines;
  assert.ok(left !== undefined && left > 0 && left <= 151, `${left}`);
});

test('grpc-js calls our server: a cancelled call aborts its handler', async (context) => {
  const { client, log } = await start(context);
  const cancelled = await finished((done) => {
    const call = client.makeUnaryRequest(path('Wait'), same, same, Buffer.alloc(0), done);
    void until(() => log.deadlines.length === 1).then(() => call.cancel());
    return call;
  });
  assert.equal(cancelled.error?.code, Status.CANCELLED);
  await until(() => log.cancelled.length === 1);
  assert.deepEqual(log.cancelled, [Status.CANCELLED]);
});

test('grpc-js calls our server: 64 MiB each way, and the limit of a message', async (context) => {
  const { client } = await start(context);
  const body = Buffer.alloc(64 * MIB, 'abcdefgh');
  const { value } = await unary(client, 'Say', body);
  assert.ok(value?.equals(body));

  const small = await start(context, { messageBytesMax: 1000 });
  assert.equal((await unary(small.client, 'Say', Buffer.alloc(1000))).value?.length, 1000);
  assert.equal((await unary(small.client, 'Say', Buffer.alloc(1001))).error?.code, Status.RESOURCE_EXHAUSTED);
});

test('grpc-js calls our server: a slow reader holds its stream back, and no other', async (context) => {
  const { client, log } = await start(context);
  const call = client.makeServerStreamRequest(path('Flood'), same, same, Buffer.alloc(0));
  call.on('error', () => {});
  call.pause();
  call.read(0);
  await until(() => log.flooded > 0);
  const flooded = await settled(() => log.flooded);
  assert.ok(flooded * 64 * 1024 < 8 * MIB, `${flooded} messages`);
  assert.equal(String((await unary(client, 'Say', Buffer.from('hi'))).value), 'hi');
  call.cancel();
});

test('grpc-js calls our server: gzip both ways', async (context) => {
  const { client } = await start(context, { compressBytesMin: 100 }, { 'grpc.default_compression_algorithm': 2 });
  for (const size of [10, 1000, 200_000]) {
    assert.deepEqual((await unary(client, 'Say', Buffer.alloc(size, 'ab'))).value, Buffer.alloc(size, 'ab'));
  }
});

test('grpc-js calls our server: a drain lets calls end and takes no new ones', async (context) => {
  const { client, listener, log, server } = await start(context);
  const chat = client.makeBidiStreamRequest(path('Chat'), same, same);
  chat.write(Buffer.from('one'));
  await once(chat, 'data');
  const closed = listener.close();
  chat.write(Buffer.from('two'));
  const [answer] = (await once(chat, 'data')) as [Buffer];
  assert.equal(String(answer), 'two');
  chat.end();
  await once(chat, 'end');
  await closed;
  assert.equal(server.connections, 0);
  assert.deepEqual(log.cancelled, []);
});
