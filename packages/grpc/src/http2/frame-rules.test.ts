/** RFC 9113 sections 4 to 8, rule by rule, as a server sees them: what a peer sends, and the error that the RFC names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/testing/manual-clock.js';
import { ErrorCode } from './error-code.js';
import { Flag, FrameType } from './frame.js';
import { EchoHandler, REQUEST } from './testing/echo.js';
import { frame, RawPeer, u32 } from './testing/raw-peer.js';

const GET = Flag.endHeaders | Flag.endStream;
const { protocolError, frameSizeError, flowControlError, streamClosed, compressionError } = ErrorCode;

function serve(): RawPeer {
  return new RawPeer(new ManualClock(), 'server', new EchoHandler()).begin();
}

/** Title, frames, code of GOAWAY. */
const connectionErrors: readonly (readonly [string, (peer: RawPeer) => readonly Uint8Array[], number])[] = [
  ['4.2: a frame above the maximum size', () => [frame(FrameType.data, 0, 1, new Uint8Array(16_385))], frameSizeError],
  ['4.3: a block that does not decode', () => [frame(FrameType.headers, GET, 1, [0xff, 0xff, 0xff])], compressionError],
  ['5.1: DATA on an idle stream', () => [frame(FrameType.data, 0, 1, [1])], protocolError],
  ['5.1: RST_STREAM on an idle stream', () => [frame(FrameType.rstStream, 0, 1, u32(8))], protocolError],
  ['5.1: WINDOW_UPDATE on an idle stream', () => [frame(FrameType.windowUpdate, 0, 1, u32(1))], protocolError],
  ['5.1.1: an even stream', (peer) => [peer.headers(2, REQUEST)], protocolError],
  ['5.1.1: a lower stream', (peer) => [peer.headers(5, REQUEST, GET), peer.headers(3, REQUEST)], protocolError],
  [
    '5.1: HEADERS on a stream that both ended',
    (peer) => [peer.headers(1, REQUEST, GET), peer.headers(1, REQUEST)],
    streamClosed,
  ],
  [
    '5.1: DATA on a stream that both ended',
    (peer) => [peer.headers(1, REQUEST, GET), frame(FrameType.data, 0, 1, [1])],
    streamClosed,
  ],
  ['6.1: DATA on stream 0', () => [frame(FrameType.data, 0, 0, [1])], protocolError],
  [
    '6.1: DATA with padding as long as the payload',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.data, Flag.padded, 1, [2, 0])],
    protocolError,
  ],
  [
    '6.1: padded DATA without a length',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.data, Flag.padded, 1)],
    frameSizeError,
  ],
  ['6.2: HEADERS on stream 0', (peer) => [peer.headers(0, REQUEST)], protocolError],
  ['6.2: HEADERS with too much padding', () => [frame(FrameType.headers, GET | Flag.padded, 1, [9, 1])], protocolError],
  ['6.2: padded HEADERS without a length', () => [frame(FrameType.headers, GET | Flag.padded, 1)], frameSizeError],
  [
    '6.2: HEADERS too short for its priority',
    () => [frame(FrameType.headers, GET | Flag.priority, 1, [1])],
    frameSizeError,
  ],
  [
    '6.2: another frame inside of a block',
    (peer) => [frame(FrameType.headers, 0, 1, peer.block(REQUEST)), frame(FrameType.ping, 0, 0, new Uint8Array(8))],
    protocolError,
  ],
  [
    '6.2: an unknown frame inside of a block',
    (peer) => [frame(FrameType.headers, 0, 1, peer.block(REQUEST)), frame(0x99, 0, 0)],
    protocolError,
  ],
  ['6.3: PRIORITY on stream 0', () => [frame(FrameType.priority, 0, 0, new Uint8Array(5))], protocolError],
  ['6.4: RST_STREAM on stream 0', () => [frame(FrameType.rstStream, 0, 0, u32(8))], protocolError],
  [
    '6.4: RST_STREAM of 3 bytes',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.rstStream, 0, 1, [0, 0, 8])],
    frameSizeError,
  ],
  ['6.5: SETTINGS on a stream', () => [frame(FrameType.settings, 0, 1)], protocolError],
  ['6.5: SETTINGS of 5 bytes', () => [frame(FrameType.settings, 0, 0, [0, 1, 0, 0, 0])], frameSizeError],
  [
    '6.5: an acknowledgement with payload',
    () => [frame(FrameType.settings, Flag.ack, 0, new Uint8Array(6))],
    frameSizeError,
  ],
  ['6.5.2: ENABLE_PUSH of 2', () => [frame(FrameType.settings, 0, 0, [0, 2, ...u32(2)])], protocolError],
  ['6.5.2: a window of 2^31', () => [frame(FrameType.settings, 0, 0, [0, 4, ...u32(2 ** 31)])], flowControlError],
  ['6.5.2: frames of less than 16 KiB', () => [frame(FrameType.settings, 0, 0, [0, 5, ...u32(16_383)])], protocolError],
  [
    '6.6: PUSH_PROMISE',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.pushPromise, 4, 1, u32(2))],
    protocolError,
  ],
  ['6.7: PING on a stream', () => [frame(FrameType.ping, 0, 1, new Uint8Array(8))], protocolError],
  ['6.7: PING of 7 bytes', () => [frame(FrameType.ping, 0, 0, new Uint8Array(7))], frameSizeError],
  ['6.8: GOAWAY on a stream', () => [frame(FrameType.goAway, 0, 1, new Uint8Array(8))], protocolError],
  ['6.8: GOAWAY of 7 bytes', () => [frame(FrameType.goAway, 0, 0, new Uint8Array(7))], frameSizeError],
  ['6.9: WINDOW_UPDATE by 0', () => [frame(FrameType.windowUpdate, 0, 0, u32(0))], protocolError],
  ['6.9: WINDOW_UPDATE of 3 bytes', () => [frame(FrameType.windowUpdate, 0, 0, [0, 0, 1])], frameSizeError],
  ['6.9.1: a window above 2^31-1', () => [frame(FrameType.windowUpdate, 0, 0, u32(2 ** 31 - 1))], flowControlError],
  [
    '6.9.2: a window above 2^31-1 by SETTINGS',
    (peer) => [
      peer.headers(1, REQUEST),
      frame(FrameType.windowUpdate, 0, 1, u32(2 ** 31 - 1 - 65_535)),
      frame(FrameType.settings, 0, 0, [0, 4, ...u32(65_536)]),
    ],
    flowControlError,
  ],
  ['6.10: CONTINUATION without HEADERS', () => [frame(FrameType.continuation, 4, 1, [1])], protocolError],
  [
    '6.10: CONTINUATION of another stream',
    (peer) => [frame(FrameType.headers, 0, 1, peer.block(REQUEST)), frame(FrameType.continuation, 4, 3)],
    protocolError,
  ],
];
for (const [title, make, code] of connectionErrors) {
  test(`S10: RFC 9113 ${title}: connection error`, () => {
    const peer = serve();
    peer.send(...make(peer));
    assert.equal(peer.goAway, code);
    assert.ok(peer.isClosed);
  });
}

const streamErrors: readonly (readonly [string, (peer: RawPeer) => readonly Uint8Array[], number])[] = [
  [
    '5.1: DATA after END_STREAM',
    (peer) => [peer.headers(1, REQUEST), blocked(peer, 1), frame(FrameType.data, 0, 1, [1])],
    streamClosed,
  ],
  [
    '5.1: HEADERS after END_STREAM',
    (peer) => [peer.headers(1, REQUEST), blocked(peer, 1), peer.headers(1, REQUEST)],
    streamClosed,
  ],
  [
    '5.1: DATA after RST_STREAM',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.rstStream, 0, 1, u32(8)), frame(FrameType.data, 0, 1, [1])],
    streamClosed,
  ],
  [
    '6.3: PRIORITY of 4 bytes',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.priority, 0, 1, [0, 0, 0, 0])],
    frameSizeError,
  ],
  [
    '5.3.1: a stream that depends on itself',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.priority, 0, 1, [0, 0, 0, 1, 0])],
    protocolError,
  ],
  [
    '6.9: WINDOW_UPDATE by 0',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.windowUpdate, 0, 1, u32(0))],
    protocolError,
  ],
  [
    '6.9.1: a window above 2^31-1',
    (peer) => [peer.headers(1, REQUEST), frame(FrameType.windowUpdate, 0, 1, u32(2 ** 31 - 1))],
    flowControlError,
  ],
  [
    '8.1: trailers without END_STREAM',
    (peer) => [peer.headers(1, REQUEST), peer.headers(1, ['x-a', 'b'])],
    protocolError,
  ],
  [
    '8.1: pseudo-header in trailers',
    (peer) => [peer.headers(1, REQUEST), peer.headers(1, [':path', '/'], GET)],
    protocolError,
  ],
  [
    '8.1.1: less data than content-length',
    (peer) => [peer.headers(1, [...REQUEST, 'content-length', '3']), frame(FrameType.data, Flag.endStream, 1, [1, 2])],
    protocolError,
  ],
  [
    '8.1.1: more data than content-length',
    (peer) => [peer.headers(1, [...REQUEST, 'content-length', '1']), frame(FrameType.data, 0, 1, [1, 2])],
    protocolError,
  ],
  [
    '8.1.1: no data, but a content-length',
    (peer) => [peer.headers(1, [...REQUEST, 'content-length', '1'], GET)],
    protocolError,
  ],
  [
    '8.1.1: trailers before all of content-length',
    (peer) => [peer.headers(1, [...REQUEST, 'content-length', '1']), peer.headers(1, ['x-a', 'b'], GET)],
    protocolError,
  ],
];

/** The peer's end while our answer cannot be sent, so that the stream stays half-closed. */
function blocked(peer: RawPeer, streamId: number): Uint8Array {
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  return frame(FrameType.data, Flag.endStream, streamId, [1]);
}

for (const [title, make, code] of streamErrors) {
  test(`S10: RFC 9113 ${title}: stream error, and the connection goes on`, () => {
    const peer = serve();
    peer.send(...make(peer));
    assert.equal(peer.resetOf(1), code);
    peer.send(peer.headers(9, REQUEST, GET));
    assert.equal(peer.goAway, undefined);
    assert.equal(peer.of(FrameType.headers).at(-1)?.streamId, 9);
  });
}

const M = [':method', 'GET'];
const S = [':scheme', 'http'];
const P = [':path', '/'];
const malformed: readonly (readonly [string, readonly string[]])[] = [
  ['no :method', [...S, ...P]],
  ['no :scheme', [...M, ...P]],
  ['no :path', [...M, ...S]],
  ['an empty :path', [...M, ...S, ':path', '']],
  [':method twice', [...M, ...M, ...S, ...P]],
  ['an unknown pseudo-header', [...M, ...S, ...P, ':what', 'x']],
  [':status in a request', [...M, ...S, ...P, ':status', '200']],
  ['a pseudo-header after a field', [...M, ...S, 'x-a', 'b', ...P]],
  ['a capital in a name', [...M, ...S, ...P, 'X-a', 'b']],
  ['a space in a name', [...M, ...S, ...P, 'x a', 'b']],
  ['an empty name', [...M, ...S, ...P, '', 'b']],
  ['an octet above 0x7f in a name', [...M, ...S, ...P, 'x\xe4', 'b']],
  ['a line end in a value', [...M, ...S, ...P, 'x-a', 'b\r\nc']],
  ['NUL in a value', [...M, ...S, ...P, 'x-a', 'b\0c']],
  ['a space before a value', [...M, ...S, ...P, 'x-a', ' b']],
  ['a tab after a value', [...M, ...S, ...P, 'x-a', 'b\t']],
  ['connection', [...M, ...S, ...P, 'connection', 'close']],
  ['proxy-connection', [...M, ...S, ...P, 'proxy-connection', 'close']],
  ['keep-alive', [...M, ...S, ...P, 'keep-alive', '1']],
  ['transfer-encoding', [...M, ...S, ...P, 'transfer-encoding', 'chunked']],
  ['upgrade', [...M, ...S, ...P, 'upgrade', 'h2c']],
  ['te with something else than trailers', [...M, ...S, ...P, 'te', 'gzip']],
  ['content-length that is no number', [...M, ...S, ...P, 'content-length', '1x']],
  ['two lengths', [...M, ...S, ...P, 'content-length', '1', 'content-length', '2']],
  ['CONNECT with :path', [':method', 'CONNECT', ...P, ':authority', 'a']],
  ['CONNECT without :authority', [':method', 'CONNECT']],
];
test('S10: RFC 9113 8.2 and 8.3: malformed requests are stream errors', () => {
  const peer = serve();
  for (const [index, [title, headers]] of malformed.entries()) {
    const id = index * 2 + 1;
    peer.send(peer.headers(id, headers));
    assert.equal(peer.resetOf(id), protocolError, title);
  }
  assert.equal(peer.goAway, undefined);
  assert.equal(peer.of(FrameType.headers).length, 0);
});

test('RFC 9113: what is permitted is answered', () => {
  const peer = serve();
  const lists = [
    [...M, ...S, ...P],
    [...M, ...S, ...P, ':authority', 'a', 'te', 'trailers', 'x-utf8', '\xc3\xa4', 'x-empty', ''],
    [...M, ...S, ...P, 'content-length', '0'],
    [':method', 'CONNECT', ':authority', 'a'],
  ];
  for (const [index, headers] of lists.entries()) peer.send(peer.headers(index * 2 + 1, headers, GET));
  assert.equal(peer.of(FrameType.headers).length, lists.length);
  // Section 6.2: padding and priority; section 4.1: unknown frames, unknown flags and settings.
  const block = peer.block(REQUEST);
  const padded = Buffer.concat([Buffer.from([3, ...u32(0), 16]), block, Buffer.alloc(3)]);
  peer.send(frame(0x42, 0xff, 7, [1, 2, 3]), frame(FrameType.settings, 0, 0, [0x42, 0x42, ...u32(1)]));
  peer.send(frame(FrameType.headers, Flag.endHeaders | Flag.padded | Flag.priority | 0x40, 101, padded));
  peer.send(frame(FrameType.data, Flag.padded | Flag.endStream, 101, [2, 7, 8, 0, 0]));
  assert.deepEqual([...(peer.of(FrameType.data).at(-1)?.payload ?? [])], [7, 8]);
  assert.equal(peer.goAway, undefined);
});

test('RFC 9113 3.4: a wrong preface, and a first frame other than SETTINGS', () => {
  const handler = new EchoHandler();
  const first = new RawPeer(new ManualClock(), 'server', handler);
  first.send(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
  assert.equal(first.goAway, protocolError);
  const second = new RawPeer(new ManualClock(), 'client', handler);
  second.send(frame(FrameType.settings, Flag.ack, 0));
  assert.equal(second.goAway, protocolError);
});
