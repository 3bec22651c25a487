import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRuntime } from '../base/runtime.js';
import type { Codec } from '../grpc/codec.js';
import { frameMessage } from '../grpc/message-writer.js';
import { Metadata } from '../grpc/metadata.js';
import { GrpcError, Status } from '../grpc/status.js';
import { StreamClosed } from '../http2/error-code.js';
import { FakeStream } from './testing/fake-stream.js';
import { ManualClock } from '../base/testing/manual-clock.js';
import { ActiveCall } from './active-call.js';
import { completeServerOptions } from './options.js';
import type { ServerCall } from './server-call.js';
import { bidi, clientStream, type Method, serverStream, unary } from './service.js';

const text: Codec<string> = {
  encode: (value) => Buffer.from(value),
  decode(bytes) {
    const value = Buffer.from(bytes).toString();
    if (value === 'damaged') throw new Error('not decodable');
    return value;
  },
};

const HEADERS = 'headers :status=200 content-type=application/grpc';

function callOf(method: Method, options: { timeoutMs?: number } = {}) {
  const clock = new ManualClock();
  const stream = new FakeStream();
  const errors: unknown[] = [];
  const deps = {
    runtime: createRuntime(clock),
    options: completeServerOptions({ messageBytesMax: 20 }),
    accepted: undefined,
    onError: (error: unknown) => errors.push(error),
  };
  const head = {
    path: '/t.T/M',
    method,
    timeoutMs: options.timeoutMs,
    encoding: undefined,
    acceptedEncodings: [],
    headers: [':path', '/t.T/M', 'x-who', 'me'],
  };
  const call = new ActiveCall(deps, stream, head, { peer: 'peer' });
  call.begin(false);
  return { call, stream, clock, errors, log: stream.log };
}

function message(value: string): Uint8Array {
  return frameMessage(Buffer.from(value), false);
}

const echo = unary(text, text, (value) => `${value}!`);

test('a unary call of a synchronous handler is answered before onData returns', () => {
  const { call, stream, log } = callOf(echo);
  call.onData(message('hi'), true);
  assert.deepEqual(log, [HEADERS, 'data .....hi!', 'headers grpc-status=0 end']);
  assert.equal(stream.consumedBytes, 7);
  assert.equal(call.isOver, true);
});

test('a request may come in pieces, its end apart', () => {
  const { call, stream, log } = callOf(echo);
  const bytes = message('hi');
  for (const byte of bytes) call.onData(Uint8Array.of(byte), false);
  assert.deepEqual(log, []);
  call.onData(new Uint8Array(0), true);
  assert.equal(log.length, 3);
  assert.equal(stream.consumedBytes, bytes.length);
});

test('an asynchronous handler answers when it is done, and its metadata travels before and after', async () => {
  const method = unary(text, text, async (value, call) => {
    assert.equal(call.metadata.get('x-who'), 'me');
    call.sendMetadata(new Metadata().set('x-early', '1'));
    call.setTrailer(new Metadata().set('x-late', '2'));
    await turn();
    return value;
  });
  const { call, log } = callOf(method);
  call.onData(message('hi'), true);
  assert.deepEqual(log, [`${HEADERS} x-early=1`]);
  await turn();
  await turn();
  assert.deepEqual(log.slice(1), ['data .....hi', 'headers grpc-status=0 x-late=2 end']);
});

test('errors become a status without other headers: known ones as they are, others INTERNAL and told to the log', async () => {
  const known = new GrpcError(Status.NOT_FOUND, 'no such thing', { details: Buffer.from('abc') });
  const bug = new Error('secret');
  const cases: [() => string | Promise<string>, string, number][] = [
    [() => raise(known), 'grpc-status=5 grpc-message=no such thing grpc-status-details-bin=YWJj', 0],
    [() => Promise.reject(known), 'grpc-status=5 grpc-message=no such thing grpc-status-details-bin=YWJj', 0],
    [() => raise(bug), 'grpc-status=13 grpc-message=internal error', 1],
    [() => Promise.reject(bug), 'grpc-status=13 grpc-message=internal error', 1],
  ];
  for (const [handle, expected, told] of cases) {
    const { call, log, errors } = callOf(unary(text, text, handle));
    call.onData(message('hi'), true);
    await turn();
    assert.deepEqual(log, [`${HEADERS} ${expected} end`]);
    assert.equal(errors.length, told);
  }
});

test('requests that break the rules of unary calls are refused', () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), 'grpc-status=13 grpc-message=no request message'],
    [Buffer.concat([message('a'), message('b')]), 'grpc-status=13 grpc-message=more than one request message'],
    [message('x'.repeat(21)), 'grpc-status=8 grpc-message=message of 21 bytes is over the limit of 20'],
    [message('damaged'), 'grpc-status=13 grpc-message=internal error'],
    [Buffer.from([1, 0, 0, 0, 0]), 'grpc-status=13 grpc-message=a compressed message, but no encoding was named'],
  ];
  for (const [bytes, expected] of cases) {
    const { call, log, stream } = callOf(echo);
    call.onData(bytes, true);
    assert.deepEqual(log, [`${HEADERS} ${expected} end`]);
    assert.equal(stream.consumedBytes, bytes.length);
  }
});

test('the deadline ends a call, aborts its signal, and what the handler answers later is dropped', async () => {
  let seen: ServerCall | undefined;
  const method = unary(text, text, async (value, call) => {
    seen = call;
    assert.equal(call.signal.aborted, false);
    await turn();
    return value;
  });
  const { call, clock, log } = callOf(method, { timeoutMs: 50 });
  call.onData(message('hi'), true);
  clock.advance(49);
  assert.deepEqual(log, []);
  clock.advance(2);
  assert.match(log[0] ?? '', /grpc-status=4 grpc-message=the deadline/);
  assert.equal(seen?.signal.reason.code, Status.DEADLINE_EXCEEDED);
  await turn();
  await turn();
  assert.equal(log.length, 1);
});

test('a deadline passes while the request has not come', () => {
  const { clock, log } = callOf(echo, { timeoutMs: 50 });
  clock.advance(60);
  assert.match(log[0] ?? '', /grpc-status=4/);
});

test('a signal asked for after the end is aborted already', () => {
  const { call } = callOf(unary(text, text, () => new Promise<string>(() => {})));
  call.onData(message('hi'), true);
  call.onClose(new StreamClosed(8, 'reset'));
  assert.equal(call.signal.aborted, true);
  assert.equal(call.signal.reason.code, Status.CANCELLED);
});

test('a stream of responses stops when the client stops reading and when it is gone', async () => {
  const made: number[] = [];
  const method = serverStream(text, text, async function* () {
    try {
      for (let at = 0; at < 100; at += 1) {
        made.push(at);
        yield String(at);
      }
    } finally {
      made.push(-1);
    }
  });
  const { call, stream, log } = callOf(method);
  stream.isWritable = false;
  call.onData(message('go'), true);
  await turn();
  assert.deepEqual(made, [0]);
  call.onWritable();
  await turn();
  assert.deepEqual(made, [0, 1]);
  call.onClose(new StreamClosed(8, 'reset'));
  await turn();
  assert.deepEqual(made, [0, 1, -1]);
  assert.deepEqual(log, [HEADERS, 'data .....0', 'data .....1']);
});

test('an array of responses is sent within the turn', () => {
  const { call, log } = callOf(serverStream(text, text, (value) => [value, value]));
  call.onData(message('a'), true);
  assert.deepEqual(log, [HEADERS, 'data .....a', 'data .....a', 'headers grpc-status=0 end']);
});

test('a stream of requests holds window until they are read, and may be answered before its end', async () => {
  const method = clientStream(text, text, async (requests) => {
    const read: string[] = [];
    for await (const each of requests) {
      read.push(each);
      if (each === 'last') break;
    }
    return read.join();
  });
  const { call, stream, log } = callOf(method);
  call.onData(Buffer.concat([message('a'), message('last'), message('more')]), false);
  await turn();
  assert.deepEqual(log, [HEADERS, 'data .....a,last', 'headers grpc-status=0 end', 'reset 0']);
  call.onData(message('late'), true);
  assert.equal(stream.consumedBytes, 6 + 9 + 9 + 9);
});

test('both directions run on their own', async () => {
  const method = bidi(text, text, async function* (requests) {
    yield 'hello';
    for await (const each of requests) yield each.toUpperCase();
  });
  const { call, log } = callOf(method);
  await turn();
  assert.deepEqual(log, [HEADERS, 'data .....hello']);
  call.onData(message('a'), false);
  await turn();
  assert.deepEqual(log.slice(2), ['data .....A']);
  call.onData(message('b'), true);
  await turn();
  assert.deepEqual(log.slice(3), ['data .....B', 'headers grpc-status=0 end']);
});

test('an error after the first message comes with the trailers', async () => {
  const method = serverStream(text, text, function* () {
    yield 'a';
    throw new GrpcError(Status.ABORTED, 'half way: 50%');
  });
  const { call, log } = callOf(method);
  call.onData(message('go'), true);
  assert.deepEqual(log, [HEADERS, 'data .....a', 'headers grpc-status=10 grpc-message=half way: 50%25 end']);
});

test('a reader of requests learns that its call is over', async () => {
  const seen: unknown[] = [];
  const method = bidi(text, text, async function* (requests) {
    yield 'a';
    try {
      for await (const _ of requests);
    } catch (error) {
      seen.push(error);
      throw error;
    }
  });
  const { call } = callOf(method);
  await turn();
  call.onClose(new StreamClosed(8, 'reset'));
  await turn();
  assert.ok(seen[0] instanceof GrpcError && seen[0].code === Status.CANCELLED);
});

function raise(error: Error): never {
  throw error;
}

test('N13: a stream that never ends does not keep its request, nor the chunk that this came in', async () => {
  let request: WeakRef<object> | undefined;
  const codec: Codec<{ readonly bytes: Uint8Array }> = { encode: ({ bytes }) => bytes, decode: (bytes) => ({ bytes }) };
  const method = serverStream(codec, text, (asked) => {
    request = new WeakRef(asked);
    return (async function* () {
      yield 'begun';
      await new Promise(() => undefined);
    })();
  });
  const { call, log } = callOf(method);
  call.onData(message('hi'), true);
  await turn();
  assert.deepEqual(log, [HEADERS, 'data .....begun']);
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
  assert.equal(request?.deref(), undefined);
  call.onClose(undefined);
});
