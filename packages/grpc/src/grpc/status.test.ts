import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GrpcError, parseStatusCode, Status, statusName, statusOfHttp, statusOfHttp2Error } from './status.js';
import { decodeStatusMessage, encodeStatusMessage, statusMessageBytesMax } from './status-message.js';

test('the codes have their numbers and names', () => {
  assert.equal(Object.keys(Status).length, 17);
  assert.equal(statusName(Status.UNAUTHENTICATED), 'UNAUTHENTICATED');
  const error = new GrpcError(Status.NOT_FOUND, 'no such key', { details: Uint8Array.of(1), cause: 'why' });
  assert.deepEqual([error.code, error.status, error.message, error.cause], [5, 'NOT_FOUND', 'no such key', 'why']);
  for (const [text, code] of [
    ['0', 0],
    ['16', 16],
    ['17', 2],
    ['', 2],
    ['05', 2],
    ['-1', 2],
    ['x', 2],
  ] as const) {
    assert.equal(parseStatusCode(text), code, text);
  }
});

test('statuses of HTTP and HTTP/2 translate as the specification says', () => {
  const http = [400, 401, 403, 404, 429, 500, 502, 503, 504, 200].map(statusOfHttp);
  assert.deepEqual(http, [13, 16, 7, 12, 14, 2, 14, 14, 14, 2]);
  const http2 = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 99].map(statusOfHttp2Error);
  assert.deepEqual(http2, [13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 2]);
});

test('a status message is percent-encoded UTF-8', () => {
  assert.equal(encodeStatusMessage('plain text'), 'plain text');
  assert.equal(encodeStatusMessage('100 %'), '100 %25');
  assert.equal(encodeStatusMessage('ünï\r\n'), '%C3%BCn%C3%AF%0D%0A');
  assert.equal(encodeStatusMessage(' edges '), '%20edges%20');
  assert.equal(decodeStatusMessage('%c3%bc %zz %4'), 'ü %zz %4');
  assert.equal(decodeStatusMessage('%ff'), '\ufffd');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const header = encodeStatusMessage(text);
      assert.match(header, /^([!-~]([ -~]*[!-~])?)?$/);
      assert.equal(decodeStatusMessage(header), Buffer.from(text).toString());
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii' }), (header) => void decodeStatusMessage(header)));
});

test('S9: a status message over the limit is cut after a whole character', () => {
  const atLimit = 'x'.repeat(statusMessageBytesMax);
  assert.equal(encodeStatusMessage(atLimit), atLimit);
  assert.equal(encodeStatusMessage(`${atLimit}y`), atLimit);
  for (const text of [
    'ü'.repeat(5_000),
    `x${'€'.repeat(5_000)}`,
    `xy${'😀'.repeat(5_000)}`,
    ` ${'x '.repeat(5_000)}`,
  ]) {
    const header = encodeStatusMessage(text);
    assert.ok(header.length <= statusMessageBytesMax && header.length > statusMessageBytesMax - 12);
    assert.match(header, /[^ ]$/);
    assert.ok(text.startsWith(decodeStatusMessage(header)));
  }
});
