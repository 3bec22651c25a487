import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Compression } from './encoding.js';
import { findCompression, MessageInput } from './message-input.js';
import { frameMessage } from './message-writer.js';
import { GrpcError, Status } from './status.js';

/** Takes a turn for each message that begins with `slow`. */
const reversing: Compression = {
  name: 'reverse',
  compress: (bytes) => bytes.toReversed(),
  decompress(bytes, bytesMax) {
    const result = bytes.toReversed();
    if (result.length > bytesMax) throw new GrpcError(Status.RESOURCE_EXHAUSTED, 'too large');
    return Buffer.from(result).toString().startsWith('slow') ? turn(result) : result;
  },
};

function inputWithLog(messageBytesMax = 100, compression: Compression | undefined = reversing) {
  const log: string[] = [];
  const counts = { held: 0, consumed: 0, isBehind: false };
  const input = new MessageInput(
    {
      onMessage(payload, held) {
        log.push(Buffer.from(payload).toString());
        counts.held += held;
      },
      onEnd: () => log.push('end'),
      onError: (error) => log.push(String(error)),
      onConsumed: (byteCount) => void (counts.consumed += byteCount),
      get isReaderBehind() {
        return counts.isBehind;
      },
    },
    { messageBytesMax, compression },
  );
  return { input, log, counts };
}

function framed(text: string, isCompressed = false): Uint8Array {
  const bytes = Buffer.from(text);
  return frameMessage(isCompressed ? bytes.toReversed() : bytes, isCompressed);
}

test('every cut gives the same messages, and each byte of window is accounted for once', () => {
  const bytes = Buffer.concat([framed('one'), framed(''), framed('three', true)]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { input, log, counts } = inputWithLog();
    input.push(bytes.subarray(0, cut), false);
    input.push(bytes.subarray(cut), true);
    assert.deepEqual(log, ['one', '', 'three', 'end']);
    assert.equal(counts.held + counts.consumed, bytes.length);
  }
});

test('a message larger than any window does not hold it while it is assembled', () => {
  const { input, log, counts } = inputWithLog(100_000);
  const bytes = framed('x'.repeat(50_000));
  for (let at = 0; at < bytes.length; at += 1_000) {
    input.push(bytes.subarray(at, at + 1_000), false);
    assert.ok(log.length === 1 || counts.consumed === at + 1_000);
  }
  assert.ok(counts.held <= 1_000);
});

test('a reader that is behind holds the window of the message in the making, too', () => {
  const { input, log, counts } = inputWithLog(100_000);
  const bytes = framed('x'.repeat(5_000));
  counts.isBehind = true;
  input.push(bytes.subarray(0, 2_000), false);
  assert.equal(counts.consumed, 0);
  counts.isBehind = false;
  input.release();
  assert.equal(counts.consumed, 2_000);
  counts.isBehind = true;
  input.push(bytes.subarray(2_000, 3_000), false);
  input.push(bytes.subarray(3_000), false);
  assert.equal(log.length, 1);
  assert.deepEqual([counts.consumed, counts.held], [2_000, 3_005]);
});

test('messages behind a slow decompression keep their order, and so does the end', async () => {
  const { input, log } = inputWithLog();
  const messages = [framed('slow 1', true), framed('two'), framed('slow 3', true), framed('four', true)];
  input.push(Buffer.concat(messages), true);
  assert.deepEqual(log, []);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  assert.deepEqual(log, ['slow 1', 'two', 'slow 3', 'four', 'end']);
});

test('what breaks a rule ends the input with a status', () => {
  const cases: [Uint8Array, RegExp, (Compression | undefined)?][] = [
    [framed('x'.repeat(101)), /over the limit/],
    [Buffer.concat([framed('a'), Buffer.from([2, 0, 0, 0, 0])]), /unknown compression flag/],
    [framed('abc').subarray(0, 6), /ended within a message/],
  ];
  for (const [bytes, expected] of cases) {
    const { input, log, counts } = inputWithLog();
    input.push(bytes, true);
    assert.match(log.at(-1) ?? '', expected);
    assert.equal(counts.held + counts.consumed, bytes.length);
  }
  const plain = inputWithLog();
  const input = new MessageInput(
    {
      onMessage: () => {},
      onEnd: () => {},
      onError: (error) => plain.log.push(String(error)),
      onConsumed: () => {},
      isReaderBehind: false,
    },
    { messageBytesMax: 100, compression: undefined },
  );
  input.push(framed('abc', true), true);
  assert.match(plain.log[0] ?? '', /no encoding was named/);
});

test('an encoding that nobody knows is UNIMPLEMENTED', () => {
  assert.equal(findCompression([reversing], undefined), undefined);
  assert.equal(findCompression([reversing], 'identity'), undefined);
  assert.equal(findCompression([reversing], 'reverse'), reversing);
  assert.throws(() => findCompression([reversing], 'br'), { code: Status.UNIMPLEMENTED });
});
