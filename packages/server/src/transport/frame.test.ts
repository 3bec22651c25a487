import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder } from './frame.js';
import { ProtocolError } from './wire.js';

interface Got {
  readonly type: number;
  readonly body: Uint8Array;
}

function decode(chunks: readonly Uint8Array[], frameBytesMax = 1 << 20): Got[] {
  const got: Got[] = [];
  const decoder = new FrameDecoder(frameBytesMax);
  for (const chunk of chunks) {
    decoder.push(chunk, (type, body) => {
      got.push({ type, body: new Uint8Array(body) });
      return true;
    });
  }
  return got;
}

const frames = fc.array(
  fc.record(
    { type: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array({ maxLength: 200 }) },
    { noNullPrototype: true },
  ),
);

test('a frame has a fixed layout', () => {
  const frame = encodeFrame(5, Uint8Array.of(1, 2, 3));
  assert.equal(Buffer.from(frame).toString('hex'), '04000000217667bc05010203');
});

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ type, body }) => encodeFrame(type, body)));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(bytes.subarray(at));
      assert.deepEqual(decode(chunks), sent);
    }),
  );
});

test('S1: every flipped bit is found, every cut waits', () => {
  const frame = encodeFrame(
    7,
    Uint8Array.from({ length: 40 }, (_, n) => n),
  );
  for (let at = 0; at < frame.length; at += 1) {
    assert.deepEqual(decode([frame.subarray(0, at)]), []);
    for (let bit = 0; bit < 8; bit += 1) {
      const bad = frame.slice();
      bad[at] = (bad[at] ?? 0) ^ (1 << bit);
      let got: Got[] = [];
      try {
        got = decode([bad]);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
      assert.deepEqual(got, [], `byte ${at} bit ${bit}`);
    }
  }
});

test('S1: a frame of the limit passes, one byte more is refused before it is collected', () => {
  const frame = encodeFrame(1, new Uint8Array(1000 - FRAME_HEADER_BYTES));
  assert.equal(decode([frame], 1000).length, 1);
  assert.throws(() => decode([frame.subarray(0, FRAME_HEADER_BYTES)], 999), ProtocolError);
});

test('S1: what a frame claims allocates nothing; memory stays below twice what has come', () => {
  const decoder = new FrameDecoder(8 << 20);
  const huge = encodeFrame(1, new Uint8Array(4 << 20));
  let sent = 0;
  for (let at = 0; at < 1 << 20; at += 1000) {
    decoder.push(huge.subarray(at, at + 1000), () => true);
    sent += 1000;
    assert.ok(decoder.allocatedBytes <= 2 * sent, `${decoder.allocatedBytes} after ${sent}`);
  }
});

test('no frame is handed out after the sink has said stop', () => {
  const two = Buffer.concat([encodeFrame(1, Uint8Array.of(1)), encodeFrame(2, Uint8Array.of(2))]);
  for (const cut of [0, 4, 10]) {
    const types: number[] = [];
    const decoder = new FrameDecoder(1000);
    const sink = (type: number) => {
      types.push(type);
      return false;
    };
    decoder.push(two.subarray(0, cut), sink);
    if (types.length === 0) decoder.push(two.subarray(cut), sink);
    assert.deepEqual(types, [1]);
  }
});

test('N13: bodies are views of plain arrays, whatever the socket gives', () => {
  const frame = Buffer.from(encodeFrame(1, Uint8Array.of(1, 2, 3)));
  new FrameDecoder(1000).push(frame, (_type, body) => {
    const copy = body.slice();
    frame.fill(0);
    assert.deepEqual([...copy], [1, 2, 3]);
    assert.deepEqual([...body], [0, 0, 0]);
    return true;
  });
});
