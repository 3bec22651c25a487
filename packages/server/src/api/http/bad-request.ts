/** Answers for what never became a request: unparseable bytes, too large a header, a request that takes too long to arrive. */
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { ServerResponse, STATUS_CODES } from 'node:http';
import { errorBody, errorTable, KvorumError } from '@kvorum/protocol';
import type { Clock } from '../../env/env.js';
import { headerBytesMax, lingerMs } from './limits.js';

/** Answers once, then closes. `code` is what Node's parser reported. */
export function answerBadRequest(code: string | undefined, socket: Duplex, clock: Clock): void {
  if (!socket.writable || code === 'ECONNRESET' || hasAnswerUnderWay(socket)) {
    socket.destroy();
    return;
  }
  const error = describe(code);
  const { http } = errorTable[error.code];
  const body = `${JSON.stringify(errorBody(error))}\n`;
  socket.end(
    `HTTP/1.1 ${http} ${STATUS_CODES[http] ?? ''}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // What the client still sends is read for a moment, lest its system drops our answer.
  const timer = clock.setTimer(lingerMs, () => socket.destroy());
  socket.on('close', () => timer.cancel());
}

function describe(code: string | undefined): KvorumError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': {
      const allowed = `${headerBytesMax} bytes for request line and headers together`;
      return new KvorumError('HEADERS_TOO_LARGE', `the request's header is too large; allowed are ${allowed}`, {
        field: 'header',
        allowed,
      });
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new KvorumError('REQUEST_TOO_SLOW', 'the request took too long to arrive', { mayHaveHappened: false });
    default:
      return new KvorumError('INVALID_ARGUMENT', `this is not HTTP/1.1 (${code ?? 'unknown'})`, {
        field: 'request',
        allowed: 'HTTP/1.1',
      });
  }
}

/**
 * True when our answer would land inside, or be taken for, the answer to an earlier request of this connection. Node keeps the response
 * under way in an undocumented field; where that is missing we would at worst write a second answer before closing.
 */
function hasAnswerUnderWay(socket: Duplex): boolean {
  const response: unknown = Reflect.get(socket, '_httpMessage');
  return response instanceof ServerResponse && (response.headersSent || response.req.complete);
}
