/** Our client on a server of @grpc/grpc-js. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { createRuntime } from '../base/runtime.js';
import { CallError } from '../client/call-error.js';
import { GrpcClient } from '../client/grpc-client.js';
import type { ClientState, GrpcClientOptions } from '../client/options.js';
import { Metadata } from '../grpc/metadata.js';
import { Status } from '../grpc/status.js';
import { socketConnector } from '../node/connector.js';
import { gzip } from '../node/gzip.js';
import { createRealClock } from '../node/real-clock.js';
import { echoMethod, FAILURE_DETAILS, FAILURE_TEXT } from './testing/echo-service.js';
import { settled, until } from './testing/until.js';

const MIB = 2 ** 20;
type Stream = grpc.ServerWritableStream<Buffer, Buffer> | grpc.ServerDuplexStream<Buffer, Buffer>;

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/echo.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** Echoes `x-ask` into the response's metadata, `x-ask-bin` into what it returns for the trailer. */
function trailerOf(call: { metadata: grpc.Metadata; sendMetadata(metadata: grpc.Metadata): void }): grpc.Metadata {
  const [early] = call.metadata.get('x-ask');
  const [late] = call.metadata.get('x-ask-bin');
  const head = new grpc.Metadata();
  const trailer = new grpc.Metadata();
  if (early !== undefined) head.set('x-answer', early);
  if (late !== undefined) trailer.set('x-answer-bin', late);
  call.sendMetadata(head);
  return trailer;
}

function failure(): grpc.ServerErrorResponse {
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', FAILURE_DETAILS);
  return Object.assign(new Error(FAILURE_TEXT), { code: Status.FAILED_PRECONDITION, details: FAILURE_TEXT, metadata });
}

function flood(call: Stream, log: { flooded: number }): void {
  const chunk = Buffer.alloc(64 * 1024);
  const write = (): void => {
    while (!call.cancelled) {
      log.flooded += 1;
      if (!call.write(chunk)) {
        call.once('drain', write);
        return;
      }
    }
  };
  write();
}

const definitions = {
  Say: method('Say', false, false),
  Fail: method('Fail', false, false),
  Wait: method('Wait', false, false),
  Many: method('Many', false, true),
  Flood: method('Flood', false, true),
  Count: method('Count', true, false),
  Chat: method('Chat', true, true),
};

function handlers(log: {
  flooded: number;
  waits: grpc.Deadline[];
  cancelled: number;
}): grpc.UntypedServiceImplementation {
  return {
    Say: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) =>
      done(null, call.request, trailerOf(call)),
    Fail: (_: unknown, done: grpc.sendUnaryData<Buffer>) => done(failure()),
    Wait: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
      log.waits.push(call.getDeadline());
      call.on('cancelled', () => void (log.cancelled += 1));
    },
    Many: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      const trailer = trailerOf(call);
      for (let at = 0; at < Number(String(call.request)); at += 1) call.write(Buffer.from(String(at)));
      call.end(trailer);
    },
    Flood: (call: grpc.ServerWritableStream<Buffer, Buffer>) => flood(call, log),
    Count: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      let bytes = 0;
      call.on('data', (message: Buffer) => void (bytes += message.length));
      call.on('end', () => done(null, Buffer.from(String(bytes)), trailerOf(call)));
    },
    Chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (message: Buffer) => call.write(message));
      call.on('end', () => call.end());
    },
  };
}

async function start(context: TestContext, options: GrpcClientOptions = {}) {
  const log: { flooded: number; waits: grpc.Deadline[]; cancelled: number } = { flooded: 0, waits: [], cancelled: 0 };
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_concurrent_streams': 10 });
  server.addService(definitions, handlers(log));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const states: ClientState[] = [];
  const client = new GrpcClient(
    {
      runtime: createRuntime(createRealClock()),
      connector: socketConnector({ host: '127.0.0.1', port }),
      onState: (state) => states.push(state),
    },
    { messageBytesMax: 80 * MIB, ...options },
  );
  context.after(async () => {
    await client.destroy();
    server.forceShutdown();
  });
  return { client, server, log, states };
}

const EMPTY = new Uint8Array(0);
const asking = new Metadata().set('x-ask', 'hello').set('x-ask-bin', Uint8Array.of(0, 1, 254, 255));

/** Options that ask for metadata, and a check that it came. */
function metadataCheck() {
  let early: Metadata | undefined;
  let late: Metadata | undefined;
  const options = {
    metadata: asking,
    onMetadata: (metadata: Metadata) => void (early = metadata),
    onTrailer: (metadata: Metadata) => void (late = metadata),
  };
  const check = (): void => {
    assert.equal(early?.get('x-answer'), 'hello');
    assert.deepEqual(late?.getBinary('x-answer-bin'), Uint8Array.of(0, 1, 254, 255));
  };
  return { options, check };
}

test('our client calls grpc-js: unary with metadata both ways, errors with text and details', async (context) => {
  const { client, states } = await start(context);
  const { options, check } = metadataCheck();
  assert.equal(Buffer.from(await client.unary(echoMethod('Say'), Buffer.from('hi'), options)).toString(), 'hi');
  check();
  await assert.rejects(client.unary(echoMethod('Fail'), EMPTY), (error) => {
    assert.ok(error instanceof CallError);
    assert.deepEqual(
      [error.code, error.message, error.delivery],
      [Status.FAILED_PRECONDITION, FAILURE_TEXT, 'answered'],
    );
    assert.deepEqual(Buffer.from(error.details ?? []), FAILURE_DETAILS);
    return true;
  });
  await assert.rejects(client.unary(echoMethod('Absent'), EMPTY), { code: Status.UNIMPLEMENTED, delivery: 'answered' });
  assert.deepEqual(states, ['connecting', 'ready']);
});

test('our client calls grpc-js: streams of each kind', async (context) => {
  const { client } = await start(context);
  const many = metadataCheck();
  const read: string[] = [];
  for await (const each of client.serverStream(echoMethod('Many'), Buffer.from('1000'), many.options))
    read.push(String(each));
  assert.equal(read.length, 1000);
  many.check();

  const count = metadataCheck();
  const requests = Array.from({ length: 1000 }, () => new Uint8Array(100));
  assert.equal(String(await client.clientStream(echoMethod('Count'), requests, count.options)), '100000');
  count.check();

  const answers: string[] = [];
  const words = ['one', 'two', 'three'].map((word) => Buffer.from(word));
  for await (const each of client.bidi(echoMethod('Chat'), words)) answers.push(String(each));
  assert.deepEqual(answers, ['one', 'two', 'three']);
});

test('our client calls grpc-js: deadlines and cancellation reach the server', async (context) => {
  const { client, log } = await start(context);
  const startMs = Date.now();
  await assert.rejects(client.unary(echoMethod('Wait'), EMPTY, { timeoutMs: 150 }), { code: Status.DEADLINE_EXCEEDED });
  const deadline = Number(log.waits[0]);
  assert.ok(deadline > startMs && deadline < startMs + 1_000, `${deadline - startMs}`);
  await until(() => log.cancelled === 1);

  const abort = new AbortController();
  const call = client.unary(echoMethod('Wait'), EMPTY, { signal: abort.signal });
  await until(() => log.waits.length === 2);
  abort.abort();
  await assert.rejects(call, { code: Status.CANCELLED, delivery: 'unknown' });
  await until(() => log.cancelled === 2);
  await assert.rejects(client.unary(echoMethod('Wait'), EMPTY, { signal: abort.signal }), { delivery: 'not_sent' });
});

test('our client calls grpc-js: 64 MiB each way, gzip', async (context) => {
  const { client } = await start(context, { compressions: [gzip] });
  const body = Buffer.alloc(64 * MIB, 'abcdefgh');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), body)).equals(body));
  const packed = Buffer.alloc(200_000, 'ab');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), packed, { compression: gzip })).equals(packed));
});

test('our client calls grpc-js: a slow reader holds the server back', async (context) => {
  const { client, log } = await start(context);
  const stream = client.serverStream(echoMethod('Flood'), EMPTY);
  await stream.next();
  const flooded = await settled(() => log.flooded);
  assert.ok(flooded * 64 * 1024 < 16 * MIB, `${flooded} messages`);
  await stream.return?.();
});

test('our client calls grpc-js: calls above the limit of streams wait for their turn', async (context) => {
  const { client, log } = await start(context);
  const abort = new AbortController();
  const waiting = Array.from({ length: 10 }, () => client.unary(echoMethod('Wait'), EMPTY, { signal: abort.signal }));
  await until(() => log.waits.length === 10);
  const calls = Array.from({ length: 30 }, (_, at) => client.unary(echoMethod('Say'), Buffer.from(String(at))));
  abort.abort();
  for (const each of await Promise.allSettled(waiting)) assert.equal(each.status, 'rejected');
  assert.deepEqual(
    (await Promise.all(calls)).map(String),
    Array.from({ length: 30 }, (_, at) => String(at)),
  );
});

test('our client calls grpc-js: after GOAWAY calls under way end, new ones are not sent there', async (context) => {
  const { client, server, states } = await start(context);
  const chat = client.bidi(
    echoMethod('Chat'),
    (async function* () {
      yield Buffer.from('one');
      await until(() => states.includes('idle'));
      yield Buffer.from('two');
    })(),
  );
  assert.equal(String((await chat.next()).value), 'one');
  const gone = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  assert.equal(String((await chat.next()).value), 'two');
  assert.equal((await chat.next()).done, true);
  await gone;
  await assert.rejects(client.unary(echoMethod('Say'), EMPTY), { code: Status.UNAVAILABLE, delivery: 'not_sent' });
});

test('our client calls grpc-js: a lost connection leaves calls unknown', async (context) => {
  const { client, server, log } = await start(context);
  const call = client.unary(echoMethod('Wait'), EMPTY);
  await until(() => log.waits.length === 1);
  server.forceShutdown();
  await assert.rejects(call, { delivery: 'unknown' });
});
