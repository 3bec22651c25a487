/** Handlers for tests. */
import type { HeaderList } from '../../base/header-list.js';
import type { ErrorCode, StreamClosed } from '../error-code.js';
import type { Http2Handler } from '../http2-handler.js';
import type { Http2Stream, StreamHandler } from '../http2-stream.js';

/** A server whose answers are the request's bytes, with trailers. What it cannot send at once it does not consume. */
export class EchoHandler implements Http2Handler {
  readonly closed: (StreamClosed | undefined)[] = [];
  readonly requests: HeaderList[] = [];
  error: Error | undefined = undefined;
  isClosed = false;

  onStream(stream: Http2Stream, headers: HeaderList, end: boolean): StreamHandler {
    this.requests.push(headers);
    stream.sendHeaders([':status', '200', 'content-type', 'application/octet-stream'], end);
    let unconsumed = 0;
    return {
      onHeaders: () => stream.sendHeaders(['x-end', 'trailers'], true),
      onData: (bytes, isEnd) => {
        const isRoom = bytes.length === 0 || stream.sendData(Uint8Array.from(bytes), false);
        if (isRoom) stream.consumed(bytes.length);
        else unconsumed += bytes.length;
        if (isEnd) stream.sendHeaders(['x-end', 'data'], true);
      },
      onWritable: () => {
        stream.consumed(unconsumed);
        unconsumed = 0;
      },
      onClose: (error) => {
        this.closed.push(error);
      },
    };
  }

  onGoAway(_lastStreamId: number, _code: ErrorCode, _debug: string): void {}

  onClose(error: Error | undefined): void {
    this.error = error;
    this.isClosed = true;
  }
}

/** A client's side of one call: collects what comes. */
export class Call implements StreamHandler {
  readonly headers: HeaderList[] = [];
  readonly chunks: Uint8Array[] = [];
  stream: Http2Stream | undefined = undefined;
  isEnded = false;
  isClosed = false;
  error: StreamClosed | undefined = undefined;
  consumes = true;
  readonly #whenClosed: (() => void)[] = [];

  onHeaders(headers: HeaderList, end: boolean): void {
    this.headers.push(headers);
    this.isEnded ||= end;
  }

  onData(bytes: Uint8Array, end: boolean): void {
    this.chunks.push(Uint8Array.from(bytes));
    this.isEnded ||= end;
    if (this.consumes) this.stream?.consumed(bytes.length);
  }

  onWritable(): void {}

  onClose(error: StreamClosed | undefined): void {
    this.isClosed = true;
    this.error = error;
    for (const resolve of this.#whenClosed) resolve();
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  whenClosed(): Promise<void> {
    return this.isClosed ? Promise.resolve() : new Promise((resolve) => this.#whenClosed.push(resolve));
  }
}

/** A client handler that keeps how the connection ended. */
export class ClientHandler implements Http2Handler {
  error: Error | undefined = undefined;
  isClosed = false;
  goAways: ErrorCode[] = [];
  available = 0;

  onStream(): StreamHandler {
    throw new Error('a server opened a stream');
  }

  onGoAway(_lastStreamId: number, code: ErrorCode): void {
    this.goAways.push(code);
  }

  onStreamsAvailable(): void {
    this.available += 1;
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.isClosed = true;
  }
}

export const REQUEST: HeaderList = [
  ':method',
  'POST',
  ':scheme',
  'http',
  ':path',
  '/echo',
  ':authority',
  'test',
  'te',
  'trailers',
];
