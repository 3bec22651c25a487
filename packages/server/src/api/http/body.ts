/** Collects a request's body, up to a limit, without streams in between. */
import { Buffer } from 'node:buffer';
import { KvorumError, requestBytesMax } from '@kvorum/protocol';
import type { Exchange } from './exchange.js';

/**
 * Calls `done` with the whole body, once; never when the client leaves before the end. A body above `bytesMax` is answered with
 * REQUEST_TOO_LARGE as soon as that is known: by its Content-Length before a byte is read, else when the count passes the limit.
 */
export function collectBody(exchange: Exchange, bytesMax: number, done: (body: Uint8Array) => void): void {
  const { request, response } = exchange;
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > bytesMax) {
    exchange.fail(tooLarge(bytesMax));
    return;
  }
  let first: Uint8Array | undefined;
  let more: Uint8Array[] | undefined;
  let bytes = 0;
  const onData = (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      request.off('data', onData);
      request.off('end', onEnd);
      exchange.fail(tooLarge(bytesMax));
    } else if (first === undefined) {
      first = chunk;
    } else {
      more ??= [first];
      more.push(chunk);
    }
  };
  const onEnd = () => done(more === undefined ? (first ?? new Uint8Array(0)) : Buffer.concat(more, bytes));
  request.on('data', onData);
  request.on('end', onEnd);
  if (exchange.isContinueExpected) response.writeContinue();
}

function tooLarge(bytesMax: number): KvorumError {
  const allowed = `${requestBytesMax} bytes for key and value together, so ${bytesMax} for this value`;
  return new KvorumError('REQUEST_TOO_LARGE', `the value is too large; allowed are ${allowed}`, {
    field: 'value',
    allowed,
    mayHaveHappened: false,
  });
}
