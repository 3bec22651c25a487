import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime } from '../base/runtime.js';
import { ManualClock } from '../base/testing/manual-clock.js';
import { createMemoryPair, type MemoryOptions } from '../base/testing/memory-connection.js';
import { ErrorCode, Http2Error, StreamClosed } from './error-code.js';
import { Flag, FrameType, readU32 } from './frame.js';
import { Http2Connection } from './http2-connection.js';
import { type Http2Limits, limitRanges } from './http2-options.js';
import { Call, ClientHandler, EchoHandler, REQUEST } from './testing/echo.js';
import { frame, RawPeer, u32 } from './testing/raw-peer.js';

const GET = Flag.endHeaders | Flag.endStream;

function connect(limits: Partial<Http2Limits> = {}, options: MemoryOptions = {}) {
  const clock = new ManualClock();
  const [clientEnd, serverEnd] = createMemoryPair(clock, options);
  const runtime = createRuntime(clock);
  const serverHandler = new EchoHandler();
  const clientHandler = new ClientHandler();
  const server = new Http2Connection(
    { connection: serverEnd, runtime, handler: serverHandler },
    { role: 'server', limits },
  );
  const client = new Http2Connection(
    { connection: clientEnd, runtime, handler: clientHandler },
    { role: 'client', limits },
  );
  clock.settle();
  return { clock, server, client, serverHandler, clientHandler, serverEnd, clientEnd };
}

function open(client: Http2Connection): Call {
  const call = new Call();
  call.stream = client.openStream(REQUEST, false, call);
  return call;
}

function asClient(limits: Partial<Http2Limits> = {}) {
  const handler = new ClientHandler();
  const clock = new ManualClock();
  const peer = new RawPeer(clock, 'client', handler, limits).begin();
  return { handler, clock, peer, client: peer.connection };
}

test('P12: all answers of a loop turn leave in one write', () => {
  const { clock, client, serverEnd } = connect();
  const before = serverEnd.writes;
  const calls = Array.from({ length: 50 }, () => open(client));
  for (const call of calls) call.stream?.sendData(Uint8Array.of(1, 2, 3), true);
  clock.settle();
  assert.ok(calls.every((call) => call.isClosed && call.error === undefined && call.body.length === 3));
  assert.equal(serverEnd.writes - before, 1);
});

test('drain: the server tells twice, takes what comes in between, and closes when all has ended', () => {
  const handler = new EchoHandler();
  const clock = new ManualClock();
  const peer = new RawPeer(clock, 'server', handler).begin();
  peer.send(peer.headers(1, REQUEST));
  peer.connection.drain();
  peer.connection.drain();
  clock.settle();
  assert.equal(readU32(peer.of(FrameType.goAway)[0]?.payload ?? Buffer.alloc(8), 0), 2 ** 31 - 1);
  const ping = peer.of(FrameType.ping)[0];
  assert.ok(ping !== undefined);
  peer.send(peer.headers(3, REQUEST), frame(FrameType.ping, Flag.ack, 0, ping.payload));
  assert.equal(handler.requests.length, 2);
  assert.equal(readU32(peer.of(FrameType.goAway)[1]?.payload ?? Buffer.alloc(8), 0), 3);
  // Opened before the second GOAWAY was read: not an error, and not taken.
  peer.send(peer.headers(5, REQUEST), frame(FrameType.data, 0, 5, [1]), frame(FrameType.windowUpdate, 0, 5, u32(1)));
  assert.equal(handler.requests.length, 2);
  peer.send(frame(FrameType.data, Flag.endStream, 1, [1]));
  assert.ok(!peer.isEnded);
  peer.send(frame(FrameType.data, Flag.endStream, 3, [1]));
  clock.settle();
  assert.ok(peer.isEnded && handler.isClosed);
  assert.equal(handler.error, undefined);
  assert.deepEqual(handler.closed, [undefined, undefined]);
});

test('drain: streams that do not end in time are cut off', () => {
  const { clock, server, client, clientHandler } = connect({ drainTimeoutMs: 1000 });
  const call = open(client);
  clock.settle();
  server.drain();
  clock.advance(900);
  assert.ok(!call.isClosed);
  assert.equal(client.canOpenStream(), false);
  clock.advance(200);
  assert.ok(call.isClosed && call.error !== undefined);
  assert.ok(clientHandler.isClosed);
});

test('close() of the client waits for its streams', () => {
  const { clock, client, serverHandler } = connect();
  const call = open(client);
  let isClosed = false;
  void client.close().then(() => {
    isClosed = true;
  });
  clock.advance(500);
  assert.ok(!call.isClosed && !isClosed);
  call.stream?.sendData(Uint8Array.of(1), true);
  clock.advance(10);
  assert.equal(call.error, undefined);
  assert.ok(serverHandler.isClosed);
});

test('GOAWAY: streams above the last one are unprocessed, the others go on', () => {
  const { peer, client, handler, clock } = asClient();
  const calls = [open(client), open(client), open(client)];
  clock.settle();
  peer.send(frame(FrameType.goAway, 0, 0, [...u32(3), ...u32(0)]));
  assert.deepEqual(
    calls.map((call) => call.error?.isUnprocessed),
    [undefined, undefined, true],
  );
  assert.ok(!client.canOpenStream());
  assert.throws(
    () => open(client),
    (error) => error instanceof StreamClosed && error.isUnprocessed,
  );
  for (const id of [1, 3])
    peer.send(peer.headers(id, [':status', '200'], GET), frame(FrameType.rstStream, 0, id, u32(0)));
  clock.settle();
  assert.deepEqual([calls[0]?.error, calls[1]?.error], [undefined, undefined]);
  assert.ok(handler.isClosed, 'closed when the last stream had ended');
});

test('a refused stream is unprocessed, a reset one is not', () => {
  const { peer, client, clock } = asClient();
  const calls = [open(client), open(client)];
  clock.settle();
  peer.send(
    frame(FrameType.rstStream, 0, 1, u32(ErrorCode.refusedStream)),
    frame(FrameType.rstStream, 0, 3, u32(ErrorCode.cancel)),
  );
  assert.deepEqual(
    calls.map((call) => [call.error?.isUnprocessed, call.error?.isByPeer, call.error?.code]),
    [
      [true, true, ErrorCode.refusedStream],
      [false, true, ErrorCode.cancel],
    ],
  );
});

test('the limit of streams that the server announces is kept, and its end told', () => {
  const { peer, client, handler, clock } = asClient();
  peer.send(frame(FrameType.settings, 0, 0, [0, 3, ...u32(2)]));
  open(client);
  open(client);
  assert.ok(!client.canOpenStream());
  clock.settle();
  const before = handler.available;
  peer.send(frame(FrameType.rstStream, 0, 1, u32(ErrorCode.cancel)));
  assert.equal(handler.available, before + 1);
  assert.ok(client.canOpenStream());
});

test('a lost connection ends every stream, and none as unprocessed', () => {
  const { clock, client, clientHandler, serverHandler, serverEnd } = connect();
  const calls = [open(client), open(client)];
  clock.settle();
  serverEnd.destroy();
  clock.settle();
  assert.ok(calls.every((call) => call.error !== undefined && !call.error.isUnprocessed));
  assert.ok(clientHandler.error instanceof Http2Error && serverHandler.isClosed);
  assert.equal(serverHandler.closed.length, 2);
});

test('interim responses are left out; malformed responses are stream errors', () => {
  const { peer, client, clock } = asClient();
  const good = open(client);
  clock.settle();
  peer.send(peer.headers(1, [':status', '103', 'link', 'x']), peer.headers(1, [':status', '200']));
  peer.send(frame(FrameType.data, 0, 1, [1]), peer.headers(1, ['grpc-status', '0'], GET));
  assert.deepEqual(good.headers, [
    [':status', '200'],
    ['grpc-status', '0'],
  ]);
  const lists = [
    [':status', '2000'],
    [':status', '20x'],
    ['x-a', 'b'],
    [':status', '101'],
    [':status', '200', ':path', '/'],
    [],
  ];
  for (const [index, list] of lists.entries()) {
    const call = open(client);
    clock.settle();
    peer.send(peer.headers(3 + 2 * index, list));
    assert.equal(call.error?.code, ErrorCode.protocolError, String(list));
  }
  assert.equal(peer.goAway, undefined);
  const early = open(client);
  clock.settle();
  peer.send(frame(FrameType.data, 0, 3 + 2 * lists.length, [1]));
  assert.equal(early.error?.code, ErrorCode.protocolError, 'data before headers');
});

test('a client takes no push', () => {
  const { peer, client, clock } = asClient();
  open(client);
  clock.settle();
  peer.send(frame(FrameType.pushPromise, Flag.endHeaders, 1, u32(2)));
  assert.equal(peer.goAway, ErrorCode.protocolError);
});

test('windows that SETTINGS lower below zero hold data back until they are above it', () => {
  const { peer, client, clock } = asClient();
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(100)]));
  const call = open(client);
  call.stream?.sendData(new Uint8Array(300), true);
  clock.settle();
  assert.equal(peer.of(FrameType.data).length, 1);
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(20)]));
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(80)));
  assert.equal(peer.of(FrameType.data).length, 1, 'the window is 0');
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(30)]));
  assert.equal(peer.of(FrameType.data)[1]?.payload.length, 10);
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(1000)));
  assert.equal(peer.of(FrameType.data).at(-1)?.payload.length, 190);
  assert.equal(peer.of(FrameType.data).at(-1)?.flags, Flag.endStream);
});

test('streams share the connection: a small answer does not wait for a large one', () => {
  const { peer, client, clock } = asClient();
  peer.send(
    frame(FrameType.windowUpdate, 0, 0, u32(1 << 20)),
    frame(FrameType.settings, 0, 0, [0, 4, ...u32(1 << 20)]),
  );
  const [large, other, small] = [open(client), open(client), open(client)];
  large.stream?.sendData(new Uint8Array(500_000), true);
  other.stream?.sendData(new Uint8Array(500_000), true);
  small.stream?.sendData(new Uint8Array(20_000), true);
  clock.settle();
  const order = peer.of(FrameType.data).filter(({ payload }) => payload.length > 0);
  assert.ok(order.findIndex(({ streamId, flags }) => streamId === 5 && flags === Flag.endStream) < 8);
  assert.equal(
    order.filter(({ streamId }) => streamId === 1).reduce((sum, { payload }) => sum + payload.length, 0),
    500_000,
  );
});

test('sendData answers false above the mark; onWritable follows when half of it is free', () => {
  const { peer, client, clock } = asClient({ streamSendBytesHigh: 1000 });
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  let writable = 0;
  const call = new Call();
  call.onWritable = () => {
    writable += 1;
  };
  const stream = client.openStream(REQUEST, false, call);
  assert.equal(stream.sendData(new Uint8Array(1000), false), true);
  assert.equal(stream.sendData(new Uint8Array(1), false), false);
  clock.settle();
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(500)));
  assert.equal(writable, 0);
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(1)));
  assert.equal(writable, 1);
});

test('a client waits for a server that takes its time, as long as the connection lives', () => {
  const { peer, client, clock } = asClient({ stallTimeoutMs: 1000 });
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  const call = open(client);
  call.stream?.sendData(new Uint8Array(100), true);
  clock.advance(100_000);
  assert.ok(!call.isClosed);
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(100)));
  assert.equal(peer.of(FrameType.data).at(-1)?.payload.length, 100);
});

test('not consuming is back-pressure: the sender stops at the window, and goes on when bytes are consumed', () => {
  const { clock, client, serverHandler, server } = connect({
    streamWindowBytes: 65_535,
    connectionWindowBytes: 65_535,
  });
  const call = open(client);
  call.consumes = false;
  clock.settle();
  for (let sent = 0; sent < 50; sent += 1) call.stream?.sendData(new Uint8Array(10_000), sent === 49);
  clock.advance(100);
  assert.ok(call.body.length <= 65_535 && call.body.length > 30_000, `${call.body.length} bytes`);
  call.consumes = true;
  call.stream?.consumed(call.body.length);
  clock.advance(100);
  assert.equal(call.body.length, 500_000);
  assert.equal(serverHandler.closed.length, 1);
  assert.equal(server.openStreams, 0);
});

test('bytes that a closed stream never consumed go back to the connection', () => {
  const { clock, client } = connect({ streamWindowBytes: 65_535, connectionWindowBytes: 65_535 });
  for (let round = 0; round < 20; round += 1) {
    const call = open(client);
    call.consumes = false;
    call.stream?.sendData(new Uint8Array(40_000), true);
    clock.advance(50);
    assert.equal(call.body.length, 40_000, `round ${round}`);
    call.stream?.reset(ErrorCode.cancel);
    clock.settle();
  }
});

test('windows grow to their caps while all is consumed fast, and stay when the peer is slow', () => {
  const updates = (delayMs: number): number => {
    const { peer, client, clock } = asClient({
      streamWindowBytes: 65_535,
      connectionWindowBytes: 65_535,
      streamWindowBytesMax: 1 << 20,
    });
    const call = open(client);
    clock.settle();
    peer.send(peer.headers(1, [':status', '200']));
    for (let sent = 0; sent < 400; sent += 1) {
      peer.send(frame(FrameType.data, 0, 1, new Uint8Array(16_384)));
      clock.advance(delayMs);
    }
    assert.equal(call.body.length, 400 * 16_384);
    return Math.max(...peer.of(FrameType.windowUpdate).map(({ payload }) => readU32(payload, 0)));
  };
  assert.ok(updates(0) >= 1 << 20);
  assert.ok(updates(50) <= 65_535);
});

test('ping: the round trip, a timeout, and the end of the connection', async () => {
  const { clock, client } = connect({ pingTimeoutMs: 1000 }, { delayMs: 20 });
  const answered = client.ping();
  clock.advance(100);
  assert.equal(await answered, 40);
  const { peer, client: other, clock: otherClock } = asClient({ pingTimeoutMs: 1000 });
  const late = assert.rejects(other.ping(), (error) => error instanceof Http2Error && error.limit === 'pingTimeoutMs');
  otherClock.advance(1001);
  await late;
  const cut = assert.rejects(other.ping(), Http2Error);
  peer.end.destroy();
  otherClock.settle();
  await cut;
  await assert.rejects(other.ping(), Http2Error);
});

test('an answer before the request has ended: RST_STREAM with NO_ERROR goes out behind it', () => {
  const clock = new ManualClock();
  const closed: (StreamClosed | undefined)[] = [];
  const peer = new RawPeer(clock, 'server', {
    onStream(stream) {
      stream.sendHeaders([':status', '200'], false);
      stream.sendData(new Uint8Array(100), false);
      stream.sendHeaders(['grpc-status', '8'], true);
      stream.reset(ErrorCode.noError);
      return { onHeaders() {}, onData() {}, onWritable() {}, onClose: (error) => closed.push(error) };
    },
    onGoAway() {},
    onClose() {},
  }).begin([0, 4, ...u32(50)]);
  peer.send(peer.headers(1, REQUEST));
  assert.equal(peer.resetOf(1), undefined);
  peer.send(frame(FrameType.windowUpdate, 0, 1, u32(50)));
  assert.deepEqual(
    peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type),
    [FrameType.headers, FrameType.data, FrameType.data, FrameType.headers, FrameType.rstStream],
  );
  assert.equal(peer.resetOf(1), ErrorCode.noError);
  assert.deepEqual(closed, [undefined]);
  peer.send(frame(FrameType.data, Flag.endStream, 1, [1]));
  assert.equal(peer.goAway, undefined);
});

test('header lists longer than a frame go out with CONTINUATION and come in', () => {
  const { clock, client, serverHandler } = connect({ headerListBytesMax: 100_000, headerBlockBytesMax: 100_000 });
  const long = Array.from({ length: 40 }, (_, index) => [`x-${index}`, `\x7f${'~'.repeat(1500)}`]).flat();
  const call = new Call();
  call.stream = client.openStream([...REQUEST, ...long], true, call);
  clock.settle();
  assert.deepEqual(serverHandler.requests[0], [...REQUEST, ...long]);
});

test('S4: every limit is checked against its range, and the message names all', () => {
  for (const [name, [min, max]] of Object.entries(limitRanges)) {
    for (const value of [min - 1, max + 1, Number.NaN]) {
      assert.throws(() => connect({ [name]: value }), new RangeError(`${name} is ${value}, not from ${min} to ${max}`));
    }
  }
});

test('an idle connection leaves no timer running and no memory lent', () => {
  const { clock, client } = connect();
  const call = open(client);
  call.stream?.sendData(new Uint8Array(10), true);
  clock.advance(60_000);
  assert.ok(call.isClosed);
  assert.equal(clock.timers, 0);
});
