import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageReader, wholeMessage } from './message-reader.js';
import { frameMessage, messagePrefix } from './message-writer.js';
import { GrpcError, Status } from './status.js';

const MESSAGE_BYTES_MAX = 20_000;

interface Seen {
  readonly payload: Uint8Array;
  readonly isCompressed: boolean;
}

test('messages cut anywhere come out whole; those within one chunk are views', () => {
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.integer({ min: 0, max: MESSAGE_BYTES_MAX }).map((length) => new Uint8Array(length).fill(length)),
  );
  const message = fc.tuple(payloads, fc.boolean()).map(([payload, isCompressed]) => ({ payload, isCompressed }));
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9_000 }), { maxLength: 20 }),
      (all, cuts) => {
        const stream = Buffer.concat(all.map((each) => frameMessage(each.payload, each.isCompressed)));
        const reader = new MessageReader({ messageBytesMax: MESSAGE_BYTES_MAX });
        const seen: Seen[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          const chunk = stream.subarray(at, at + cut);
          at += chunk.length;
          reader.push(chunk, (payload, isCompressed, isOwned) => {
            assert.equal(payload.buffer === chunk.buffer && payload.length > 0, !isOwned && payload.length > 0);
            seen.push({ payload: Uint8Array.from(payload), isCompressed });
          });
        }
        assert.deepEqual(seen, all);
        assert.ok(reader.isEmpty);
      },
    ),
  );
});

test('a stream that ends within a message is seen', () => {
  const framed = frameMessage(Uint8Array.of(1, 2, 3), false);
  for (let cut = 1; cut < framed.length; cut++) {
    const reader = new MessageReader({ messageBytesMax: 10 });
    reader.push(framed.subarray(0, cut), () => assert.fail('not complete'));
    assert.equal(reader.isEmpty, false);
  }
});

test('S9: a message at the limit passes, one byte more is RESOURCE_EXHAUSTED', () => {
  const reader = (): MessageReader => new MessageReader({ messageBytesMax: 10 });
  const sizes: number[] = [];
  reader().push(frameMessage(new Uint8Array(10), false), (payload) => sizes.push(payload.length));
  assert.deepEqual(sizes, [10]);
  const over = frameMessage(new Uint8Array(11), false);
  assert.throws(() => reader().push(over, () => assert.fail()), { code: Status.RESOURCE_EXHAUSTED });
  const prefix = messagePrefix(0xffff_ffff, false);
  assert.throws(() => reader().push(prefix, () => assert.fail()), { code: Status.RESOURCE_EXHAUSTED });
  assert.throws(() => reader().push(Uint8Array.of(2, 0, 0, 0, 0), () => assert.fail()), { code: Status.INTERNAL });
});

test('S1: random bytes never crash, and a prefix that claims much allocates little', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const reader = new MessageReader({ messageBytesMax: 1_000 });
      try {
        for (const chunk of chunks) reader.push(chunk, (payload) => assert.ok(payload.length <= 1_000));
      } catch (error) {
        assert.ok(error instanceof GrpcError);
      }
    }),
    { numRuns: 2_000 },
  );
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 100 }, () => new MessageReader({ messageBytesMax: 1 << 26 }));
  for (const reader of readers) reader.push(Uint8Array.of(0, 4, 0, 0, 0, 1), () => undefined);
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 8_192, '100 claims of 64 MiB');
});

test('a chunk that is one plain message needs no reader', () => {
  const payload = Uint8Array.of(7, 8);
  const framed = frameMessage(payload, false);
  assert.deepEqual(Uint8Array.from(wholeMessage(framed) ?? []), payload);
  assert.deepEqual(wholeMessage(frameMessage(new Uint8Array(0), false))?.length, 0);
  assert.equal(wholeMessage(framed.subarray(0, 6)), undefined);
  assert.equal(wholeMessage(Buffer.concat([framed, framed])), undefined);
  assert.equal(wholeMessage(frameMessage(payload, true)), undefined);
  assert.equal(wholeMessage(new Uint8Array(4)), undefined);
});
