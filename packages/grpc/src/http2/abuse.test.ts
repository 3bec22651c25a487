import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/testing/manual-clock.js';
import { ErrorCode, Http2Error, StreamClosed } from './error-code.js';
import { Flag, FrameType } from './frame.js';
import type { Http2Limits } from './http2-options.js';
import { EchoHandler, REQUEST } from './testing/echo.js';
import { frame, RawPeer, u32 } from './testing/raw-peer.js';

const GET = Flag.endHeaders | Flag.endStream;

function serve(limits: Partial<Http2Limits> = {}, highWaterBytes?: number) {
  const handler = new EchoHandler();
  const clock = new ManualClock();
  const peer = new RawPeer(clock, 'server', handler, limits, highWaterBytes === undefined ? {} : { highWaterBytes });
  return { peer: peer.begin(), handler, clock };
}

/** The connection has ended with this code, and its error names the limit. */
function assertEnded({ peer, handler, clock }: ReturnType<typeof serve>, code: number, limit?: string): void {
  assert.equal(peer.goAway, code);
  clock.settle();
  assert.ok(handler.error instanceof Http2Error, 'a typed error');
  assert.equal(handler.error.code, code);
  assert.equal(handler.error.limit, limit);
  assert.ok(handler.isClosed);
}

test('S10: rapid reset: streams that are opened and reset at once end the connection', () => {
  const served = serve({ resetBurstMax: 50, resetsPerSecond: 10 });
  const { peer, handler } = served;
  for (let id = 1; id <= 99; id += 2) {
    peer.send(peer.headers(id, REQUEST), frame(FrameType.rstStream, 0, id, u32(ErrorCode.cancel)));
  }
  assert.equal(peer.goAway, undefined, 'n resets are fine');
  assert.equal(served.handler.closed.length, 50);
  assert.ok(handler.closed[0] instanceof StreamClosed && handler.closed[0].isByPeer);
  peer.send(peer.headers(101, REQUEST), frame(FrameType.rstStream, 0, 101, u32(ErrorCode.cancel)));
  assertEnded(served, ErrorCode.enhanceYourCalm, 'resetsPerSecond');
});

test('S10: resets at a permitted rate never end the connection', () => {
  const { peer, clock } = serve({ resetBurstMax: 50, resetsPerSecond: 10 });
  for (let id = 1; id <= 1001; id += 2) {
    peer.send(peer.headers(id, REQUEST), frame(FrameType.rstStream, 0, id, u32(ErrorCode.cancel)));
    clock.advance(101);
  }
  assert.equal(peer.goAway, undefined);
});

test('S10: resets that the peer makes us send count as well', () => {
  const served = serve({ resetBurstMax: 50, resetsPerSecond: 10 });
  const { peer } = served;
  for (let id = 1; id <= 101; id += 2) {
    peer.send(peer.headers(id, REQUEST), frame(FrameType.windowUpdate, 0, id, u32(0)));
    if (id <= 99) assert.equal(peer.resetOf(id), ErrorCode.protocolError);
  }
  assertEnded(served, ErrorCode.enhanceYourCalm, 'resetsPerSecond');
});

test('S10: CONTINUATION flood: frames, n and n + 1', () => {
  for (const [count, isEnd] of [
    [8, false],
    [9, true],
  ] as const) {
    const served = serve({ continuationFramesMax: 8 });
    const { peer } = served;
    peer.send(frame(FrameType.headers, Flag.endStream, 1, peer.block(REQUEST)));
    for (let index = 1; index < count; index += 1) peer.send(frame(FrameType.continuation, 0, 1));
    peer.send(frame(FrameType.continuation, Flag.endHeaders, 1));
    if (isEnd) assertEnded(served, ErrorCode.enhanceYourCalm, 'continuationFramesMax');
    else assert.equal(served.handler.requests.length, 1);
  }
});

test('S10: CONTINUATION flood: bytes', () => {
  const served = serve({ headerBlockBytesMax: 20_000, continuationFramesMax: 100 });
  const { peer } = served;
  peer.send(frame(FrameType.headers, 0, 1, new Uint8Array(15_000)));
  assert.equal(peer.goAway, undefined);
  peer.send(frame(FrameType.continuation, 0, 1, new Uint8Array(5000)));
  assert.equal(peer.goAway, undefined, 'n bytes');
  peer.send(frame(FrameType.continuation, 0, 1, [0]));
  assertEnded(served, ErrorCode.enhanceYourCalm, 'headerBlockBytesMax');
});

const floods: readonly (readonly [string, (peer: RawPeer) => Buffer])[] = [
  ['SETTINGS', () => frame(FrameType.settings, 0, 0, [0, 4, ...u32(65_535)])],
  ['SETTINGS with acknowledgements', () => frame(FrameType.settings, Flag.ack, 0)],
  ['PING', () => frame(FrameType.ping, 0, 0, new Uint8Array(8))],
  ['PING with acknowledgements', () => frame(FrameType.ping, Flag.ack, 0, new Uint8Array(8))],
  ['empty DATA', () => frame(FrameType.data, 0, 1)],
  ['WINDOW_UPDATE', () => frame(FrameType.windowUpdate, 0, 0, u32(1))],
  ['WINDOW_UPDATE of a stream', () => frame(FrameType.windowUpdate, 0, 1, u32(1))],
  ['PRIORITY', () => frame(FrameType.priority, 0, 1, [0, 0, 0, 0, 1])],
  ['unknown', () => frame(0x42, 0, 0, [1])],
  ['GOAWAY', () => frame(FrameType.goAway, 0, 0, new Uint8Array(8))],
];
for (const [name, make] of floods) {
  test(`S10: a flood of ${name} frames ends the connection, and what it costs until then is bounded`, () => {
    const served = serve({ controlBurstMax: 500, controlFramesPerSecond: 50 });
    const { peer } = served;
    peer.send(peer.headers(1, REQUEST));
    let sent = 0;
    while (peer.goAway === undefined && sent < 2000) {
      peer.send(make(peer));
      sent += 1;
    }
    assert.ok(sent > 400 && sent <= 502, `${sent} frames`);
    assertEnded(served, ErrorCode.enhanceYourCalm, 'controlFramesPerSecond');
  });
}

test('S10: the same frames at a permitted rate are no flood', () => {
  const { peer, clock } = serve({ controlBurstMax: 500, controlFramesPerSecond: 50 });
  for (let count = 0; count < 2000; count += 1) {
    peer.send(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
    clock.advance(21);
  }
  assert.equal(peer.goAway, undefined);
});

test('S10: a header list over the limit costs its stream, and the connection goes on', () => {
  const { peer, handler } = serve({ headerListBytesMax: 1024 });
  peer.send(peer.headers(1, [...REQUEST, 'x-large', 'v'.repeat(1000)], GET));
  assert.equal(peer.resetOf(1), ErrorCode.enhanceYourCalm);
  peer.send(peer.headers(3, [...REQUEST, 'x-large', 'v'.repeat(400)], GET));
  assert.equal(peer.resetOf(3), undefined);
  assert.equal(handler.requests.length, 1);
});

test('S10: streams over the limit are refused, n and n + 1, and taken again when one has ended', () => {
  const { peer, handler } = serve({ concurrentStreamsMax: 3 });
  for (const id of [1, 3, 5, 7]) peer.send(peer.headers(id, REQUEST));
  assert.equal(handler.requests.length, 3);
  assert.equal(peer.resetOf(7), ErrorCode.refusedStream);
  peer.send(frame(FrameType.data, Flag.endStream, 7, [1]));
  assert.equal(peer.goAway, undefined, 'its data was on its way');
  peer.send(frame(FrameType.data, Flag.endStream, 3, [1]));
  peer.send(peer.headers(9, REQUEST));
  assert.equal(handler.requests.length, 4);
});

test('S10: slow headers: a block, a frame header or a payload that does not end', () => {
  const starts: readonly ((peer: RawPeer) => Buffer)[] = [
    (peer) => frame(FrameType.headers, 0, 1, peer.block(REQUEST)),
    () => Buffer.from([0, 0, 8]),
    () => frame(FrameType.ping, 0, 0, new Uint8Array(8)).subarray(0, 12),
  ];
  for (const start of starts) {
    const served = serve({ frameTimeoutMs: 1000 });
    const { peer, clock } = served;
    peer.send(start(peer));
    clock.advance(999);
    assert.equal(peer.goAway, undefined);
    clock.advance(2);
    assertEnded(served, ErrorCode.enhanceYourCalm, 'frameTimeoutMs');
  }
});

test('S10: one octet at a time does not buy more time', () => {
  const served = serve({ frameTimeoutMs: 1000 });
  const { peer, clock } = served;
  const bytes = frame(FrameType.headers, Flag.endHeaders, 1, peer.block([...REQUEST, 'x-pad', 'v'.repeat(200)]));
  for (const byte of bytes) {
    if (peer.goAway === undefined) peer.send(Uint8Array.of(byte));
    clock.advance(20);
  }
  assertEnded(served, ErrorCode.enhanceYourCalm, 'frameTimeoutMs');
});

test('S10: a peer that says nothing, or never acknowledges, is closed', () => {
  const handler = new EchoHandler();
  const clock = new ManualClock();
  const silent = new RawPeer(clock, 'server', handler, { prefaceTimeoutMs: 1000 });
  clock.advance(1001);
  assertEnded({ peer: silent, handler, clock }, ErrorCode.protocolError, 'prefaceTimeoutMs');

  const second = { handler: new EchoHandler(), clock };
  const mute = new RawPeer(clock, 'server', second.handler, { settingsTimeoutMs: 1000 });
  mute.send(frame(FrameType.settings, 0, 0));
  clock.advance(1001);
  assertEnded({ peer: mute, ...second }, ErrorCode.settingsTimeout, 'settingsTimeoutMs');
});

test('S10: zero window: the stream waits, holds its sender back, and is reset when time is up', () => {
  const { peer, handler, clock } = serve({ stallTimeoutMs: 1000, streamSendBytesHigh: 1000 });
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]), peer.headers(1, REQUEST));
  for (let sent = 0; sent < 10; sent += 1) peer.send(frame(FrameType.data, 0, 1, new Uint8Array(600)));
  assert.equal(peer.of(FrameType.data).length, 0);
  // A connection beside it has all it wants.
  const other = serve();
  other.peer.send(other.peer.headers(1, REQUEST), frame(FrameType.data, Flag.endStream, 1, [7]));
  assert.equal(other.peer.of(FrameType.data).length, 1);
  clock.advance(3000);
  assert.equal(peer.resetOf(1), ErrorCode.cancel);
  assert.equal(handler.closed[0]?.limit, 'stallTimeoutMs');
  assert.equal(peer.goAway, undefined);
});

test('S10: a stream that moves on is not stalled', () => {
  const { peer, clock } = serve({ stallTimeoutMs: 1000 });
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]), peer.headers(1, REQUEST));
  peer.send(frame(FrameType.data, Flag.endStream, 1, new Uint8Array(100)));
  for (let byte = 0; byte < 50; byte += 1) {
    clock.advance(400);
    peer.send(frame(FrameType.windowUpdate, 0, 1, u32(1)));
  }
  assert.equal(peer.resetOf(1), undefined);
  assert.equal(peer.of(FrameType.data).length, 50);
});

test('S10: queued bytes of all streams are bounded: the stream that goes above is reset', () => {
  const { peer, handler } = serve({ connectionSendBytesMax: 30_000 });
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  for (const id of [1, 3])
    peer.send(peer.headers(id, REQUEST), frame(FrameType.data, Flag.endStream, id, new Uint8Array(15_000)));
  assert.equal(handler.closed.length, 0);
  peer.send(peer.headers(5, REQUEST), frame(FrameType.data, Flag.endStream, 5, [1]));
  assert.equal(peer.resetOf(5), ErrorCode.enhanceYourCalm);
  assert.equal(handler.closed[0]?.limit, 'connectionSendBytesMax');
});

test('S10: a peer that asks and does not read: control frames are bounded, and the connection goes', () => {
  const served = serve({ controlBytesMax: 16 * 1024, controlBurstMax: 1_000_000 }, 1000);
  const { peer, handler, clock } = served;
  peer.end.pause();
  for (let count = 0; count < 2000 && !handler.isClosed; count += 1) {
    peer.send(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
  }
  clock.settle();
  assert.ok(handler.error instanceof Http2Error);
  assert.equal(handler.error.limit, 'controlBytesMax');
  assert.ok(peer.isClosed);
});

test('S10: a peer that does not read at all is closed when time is up', () => {
  const { peer, handler, clock } = serve({ stallTimeoutMs: 1000 }, 1000);
  peer.end.pause();
  peer.send(peer.headers(1, REQUEST), frame(FrameType.data, Flag.endStream, 1, new Uint8Array(5000)));
  clock.advance(3000);
  assert.ok(handler.error instanceof Http2Error);
  assert.equal(handler.error.limit, 'stallTimeoutMs');
});

test('S10: more than a window holds ends the stream or the connection', () => {
  const { peer } = serve({ streamWindowBytes: 65_535 });
  peer.send(peer.headers(1, REQUEST), frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  // The echo can send nothing, so it stops consuming.
  for (let count = 0; count < 12; count += 1) peer.send(frame(FrameType.data, 0, 1, new Uint8Array(16_384)));
  assert.equal(peer.resetOf(1), ErrorCode.flowControlError);

  const second = serve({ streamWindowBytes: 2 ** 20, connectionWindowBytes: 65_535 });
  second.peer.send(second.peer.headers(1, REQUEST), frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  for (let count = 0; count < 12; count += 1) second.peer.send(frame(FrameType.data, 0, 1, new Uint8Array(16_384)));
  assertEnded(second, ErrorCode.flowControlError);
});
