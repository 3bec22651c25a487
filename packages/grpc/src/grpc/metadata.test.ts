import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Metadata } from './metadata.js';
import { Status } from './status.js';

test('text and bytes survive the way through headers', () => {
  const field = fc.oneof(
    fc.tuple(fc.stringMatching(/^x-[a-z0-9_.]{1,9}$/), fc.stringMatching(/^([!-~]([ -~]{0,9}[!-~])?)?$/)),
    fc.tuple(fc.stringMatching(/^x-[a-z]{1,5}-bin$/), fc.uint8Array({ maxLength: 20 })),
  );
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const metadata = new Metadata();
      for (const [name, value] of fields) metadata.append(name, value);
      const headers: string[] = [
        ':path',
        '/',
        'content-type',
        'application/grpc',
        'te',
        'trailers',
        'grpc-timeout',
        '1S',
      ];
      metadata.appendTo(headers);
      assert.deepEqual([...Metadata.fromHeaders(headers)], fields);
    }),
  );
});

test('names repeat, are case-insensitive, and can be replaced', () => {
  const metadata = new Metadata().append('X-A', 'one').append('x-a', 'two').append('x-b-bin', Uint8Array.of(1, 2));
  assert.equal(metadata.size, 3);
  assert.equal(metadata.get('x-A'), 'one');
  assert.deepEqual(metadata.getAll('x-a'), ['one', 'two']);
  assert.deepEqual(metadata.getBinary('x-b-bin'), Uint8Array.of(1, 2));
  assert.equal(metadata.get('x-b-bin'), undefined);
  assert.equal(metadata.getBinary('x-a'), undefined);
  metadata.set('x-a', ' three ');
  assert.deepEqual(metadata.getAll('x-a'), ['three']);
  metadata.delete('x-a');
  assert.equal(metadata.get('x-a'), undefined);
});

test('received bytes may be padded, unpadded and joined with commas', () => {
  const metadata = Metadata.fromHeaders(['a-bin', 'AQI=', 'b-bin', 'AQI', 'c-bin', 'AQI=, AQ,', 'd', 'x, y']);
  assert.deepEqual(metadata.getBinary('a-bin'), Uint8Array.of(1, 2));
  assert.deepEqual(metadata.getBinary('b-bin'), Uint8Array.of(1, 2));
  assert.deepEqual(metadata.getAll('c-bin'), [Uint8Array.of(1, 2), Uint8Array.of(1), new Uint8Array(0)]);
  assert.deepEqual(metadata.getAll('d'), ['x, y']);
  for (const bad of ['A', 'AQ*=', 'A=QI', 'AQ===']) {
    assert.throws(() => Metadata.fromHeaders(['a-bin', bad]), { code: Status.INTERNAL }, bad);
  }
});

test('what gRPC cannot carry is refused', () => {
  const metadata = new Metadata();
  for (const [name, value] of [
    ['', 'x'],
    ['a b', 'x'],
    [':path', 'x'],
    ['grpc-status', '0'],
    ['content-type', 'text/plain'],
    ['connection', 'close'],
    ['x-a', 'new\nline'],
    ['x-a', 'ü'],
    ['x-a', Uint8Array.of(1)],
    ['x-a-bin', 'text'],
  ] as const) {
    assert.throws(() => metadata.append(name, value), TypeError, `${name}`);
  }
  assert.equal(metadata.size, 0);
});
