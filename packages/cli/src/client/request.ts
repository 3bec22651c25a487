/** One HTTP request to one endpoint, for what gRPC has not: health and backups. All of them are reads. */
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Endpoint } from './endpoint.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body, still to be read. */
  readonly body: IncomingMessage;
}

/** Time for a connection to be made before the next endpoint is tried. */
const connectTimeoutMs = 3000;
/** Time for a body, which is never larger than a request, to arrive. */
const bodyTimeoutMs = 60_000;

/** The request got no answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** Gets the target (path and query, percent-encoded); resolves with the head of the answer. Fails with {@link NoAnswerError}. */
export function getFrom(
  { host, port }: Pick<Endpoint, 'host' | 'port'>,
  target: string,
  timeoutMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, method: 'GET', path: target, agent: false });
    const giveUp = (words: string): void => {
      request.destroy(new Error(words));
    };
    const timer = setTimeout(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
    const connectTimer = setTimeout(() => giveUp(`no connection within ${connectTimeoutMs} ms`), connectTimeoutMs);
    request.on('socket', (socket) => {
      socket.on('connect', () => clearTimeout(connectTimer));
    });
    request.on('response', (body) => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
      reject(new NoAnswerError(inWords(error), error));
    });
    request.end();
  });
}

/** The whole body, at most `bytesMax`. */
export async function readBody(answer: HttpAnswer, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = new Error(`the answer was not whole after ${bodyTimeoutMs} ms`);
  const timer = setTimeout(() => answer.body.destroy(late), bodyTimeoutMs);
  try {
    for await (const chunk of answer.body) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      length += bytes.length;
      if (length > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    throw new NoAnswerError(`the answer broke off: ${inWords(error)}`, error);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/**
 * The parts that are made of a body, as they come; a body on which nothing came for `silenceMs` while a part was waited for is destroyed. The
 * time that the taker needs does not count: a list may sit in a pager.
 */
export async function* whileAlive<T>(
  parts: AsyncIterable<T>,
  body: IncomingMessage,
  silenceMs: number,
): AsyncGenerator<T> {
  const giveUp = (): void => {
    body.destroy(new Error(`nothing came for ${silenceMs} ms`));
  };
  let timer = setTimeout(giveUp, silenceMs);
  try {
    for await (const part of parts) {
      clearTimeout(timer);
      yield part;
      timer = setTimeout(giveUp, silenceMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host name could not be resolved',
  EHOSTUNREACH: 'host unreachable',
  ETIMEDOUT: 'connection timed out',
};

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return systemWords[code] ?? (error.message === '' ? code : error.message);
}
