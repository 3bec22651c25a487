/**
 * One call on its stream: takes the request apart, runs the handler, writes the response, and ends once, by whatever comes first: the handler's
 * answer or error, the deadline, the client's reset, the loss of the connection.
 *
 * A unary call whose handler returns a value is answered inside `onData`: no promise, no copy of the request.
 */
import type { HeaderList } from '../base/header-list.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import { findCompression, MessageInput, type MessageInputOwner } from '../grpc/message-input.js';
import { MessageOutput, type MessageOutputOwner, sendMessage } from '../grpc/message-output.js';
import { MessagePump, type Messages, type PumpSink } from '../grpc/message-pump.js';
import { MessageQueue } from '../grpc/message-queue.js';
import { wholeMessage } from '../grpc/message-reader.js';
import { Metadata } from '../grpc/metadata.js';
import { GrpcError, Status } from '../grpc/status.js';
import { ErrorCode, type StreamClosed } from '../http2/error-code.js';
import type { Http2Stream, StreamHandler } from '../http2/http2-stream.js';
import type { CallDeps } from './call-deps.js';
import type { RequestHead } from './request-head.js';
import { responseHeaders, trailers } from './response-headers.js';
import type { ServerCall } from './server-call.js';

const NOTHING = new Uint8Array(0);

/** Whose call it is. */
export interface ClientEnd {
  /** Its address. */
  readonly peer: string;
}

type Owned = MessageInputOwner & MessageOutputOwner & PumpSink<unknown>;

export class ActiveCall implements ServerCall, StreamHandler, Expiring, Owned {
  readonly #client: ClientEnd;
  readonly deadlineMs: number | undefined;
  readonly #deps: CallDeps;
  readonly #head: RequestHead;
  readonly #stream: Http2Stream;
  #isOver = false;
  #isStarted = false;
  /** The client has sent all. */
  #isRequestEnded = false;
  /** The one request of a unary or server-streaming call. */
  #request: unknown = undefined;
  #hasRequest = false;
  #requests: MessageQueue<unknown> | undefined = undefined;
  #input: MessageInput | undefined = undefined;
  #output: MessageOutput | undefined = undefined;
  #pump: MessagePump<unknown> | undefined = undefined;
  #timer: WheelTimer | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  /** Why the call is over, if it was not answered. */
  #end: GrpcError | undefined = undefined;
  #metadata: Metadata | undefined = undefined;
  #trailer: Metadata | undefined = undefined;

  constructor(deps: CallDeps, stream: Http2Stream, head: RequestHead, client: ClientEnd) {
    this.#deps = deps;
    this.#stream = stream;
    this.#head = head;
    this.#client = client;
    this.deadlineMs = head.timeoutMs === undefined ? undefined : deps.runtime.clock.now() + head.timeoutMs;
  }

  get peer(): string {
    return this.#client.peer;
  }

  get connection(): object {
    return this.#client;
  }

  get path(): string {
    return this.#head.path;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isReaderBehind(): boolean {
    return this.#requests?.isEmpty === false;
  }

  get metadata(): Metadata {
    this.#metadata ??= Metadata.fromHeaders(this.#head.headers);
    return this.#metadata;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#end !== undefined) this.#abort.abort(this.#end);
    }
    return this.#abort.signal;
  }

  sendMetadata(metadata: Metadata): void {
    if (this.#isOver) return;
    if (this.#isStarted) throw new Error('the response has begun already');
    this.#start(metadata);
  }

  setTrailer(metadata: Metadata): void {
    this.#trailer = metadata;
  }

  /** Begins, after the headers have come. `isEnd`: no message will follow. */
  begin(isEnd: boolean): void {
    this.#isRequestEnded = isEnd;
    const { kind } = this.#head.method;
    if (this.#head.timeoutMs !== undefined) {
      this.#timer = new WheelTimer(this);
      this.#deps.runtime.timers.start(this.#timer, this.#head.timeoutMs);
    }
    if (kind === 'clientStream' || kind === 'bidi') {
      this.#requests = new MessageQueue((heldBytes) => this.#onTaken(heldBytes));
      this.#run();
    }
    if (isEnd) this.onEnd();
  }

  /** Trailers of a request carry nothing that gRPC knows of. */
  onHeaders(_headers: HeaderList, isEnd: boolean): void {
    if (isEnd) this.onData(NOTHING, true);
  }

  onData(bytes: Uint8Array, isEnd: boolean): void {
    if (isEnd) this.#isRequestEnded = true;
    if (this.#isOver) {
      this.#stream.consumed(bytes.length);
      return;
    }
    if (isEnd && this.#input === undefined && this.#requests === undefined) {
      const payload = wholeMessage(bytes);
      if (payload !== undefined && payload.length <= this.#deps.options.messageBytesMax) {
        this.onMessage(payload, bytes.length, false);
        this.onEnd();
        return;
      }
    }
    try {
      this.#input ??= this.#createInput();
    } catch (error) {
      this.#stream.consumed(bytes.length);
      this.onError(error);
      return;
    }
    this.#input.push(bytes, isEnd);
  }

  onWritable(): void {
    if (this.#output?.isBusy !== true) this.#pump?.onWritable();
  }

  onClose(error: StreamClosed | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#release(new GrpcError(Status.CANCELLED, 'the client gave up or is gone', { cause: error }));
  }

  onExpired(): void {
    this.onError(new GrpcError(Status.DEADLINE_EXCEEDED, 'the deadline of the call has passed'));
  }

  onConsumed(byteCount: number): void {
    this.#stream.consumed(byteCount);
  }

  onMessage(payload: Uint8Array, heldBytes: number, isOwned: boolean): void {
    let message: unknown;
    try {
      message = this.#head.method.request.decode(payload, isOwned);
    } catch (error) {
      this.#stream.consumed(heldBytes);
      this.onError(error);
      return;
    }
    if (this.#requests !== undefined) {
      this.#requests.push(message, heldBytes);
      return;
    }
    this.#stream.consumed(heldBytes);
    if (this.#hasRequest) this.onError(new GrpcError(Status.INTERNAL, 'more than one request message'));
    this.#request = message;
    this.#hasRequest = true;
  }

  /** The client has sent all. */
  onEnd(): void {
    if (this.#isOver) return;
    if (this.#requests !== undefined) this.#requests.end();
    else if (this.#hasRequest) this.#run();
    else this.onError(new GrpcError(Status.INTERNAL, 'no request message'));
  }

  /** A failure: of the handler, a codec, what the client sent, or the deadline. */
  onError(error: unknown): void {
    if (this.#isOver) return;
    const known =
      error instanceof GrpcError ? error : new GrpcError(Status.INTERNAL, 'internal error', { cause: error });
    this.#finish(known);
    if (known !== error) this.#deps.onError(error, this);
  }

  onSourceError(error: unknown): void {
    this.onError(error);
  }

  send(response: unknown): boolean {
    const payload = this.#head.method.response.encode(response);
    if (!this.#isStarted) this.#start(undefined);
    if (this.#output !== undefined) return this.#output.send(payload, false);
    return sendMessage(this.#stream, payload, false, false);
  }

  onAllSent(): void {
    this.#finish(undefined);
  }

  #onTaken(heldBytes: number): void {
    this.#stream.consumed(heldBytes);
    this.#input?.release();
  }

  #createInput(): MessageInput {
    const { compressions, messageBytesMax } = this.#deps.options;
    return new MessageInput(this, { messageBytesMax, compression: findCompression(compressions, this.#head.encoding) });
  }

  #run(): void {
    const { method } = this.#head;
    const request = this.#request;
    // A call may last for ever; its request, and what that is a view of, need not.
    this.#request = undefined;
    try {
      switch (method.kind) {
        case 'unary':
          this.#answer(method.handle(request, this));
          break;
        case 'serverStream':
          this.#pumpOut(method.handle(request, this));
          break;
        case 'clientStream':
          if (this.#requests !== undefined) this.#answer(method.handle(this.#requests, this));
          break;
        case 'bidi':
          if (this.#requests !== undefined) this.#pumpOut(method.handle(this.#requests, this));
          break;
      }
    } catch (error) {
      this.onError(error);
    }
  }

  #answer(response: unknown): void {
    if (!(response instanceof Promise)) {
      this.#respond(response);
      return;
    }
    response.then((value) => this.#respond(value)).catch((error: unknown) => this.onError(error));
  }

  #respond(response: unknown): void {
    if (this.#isOver) return;
    this.send(response);
    this.#finish(undefined);
  }

  #pumpOut(responses: Messages<unknown>): void {
    this.#pump = new MessagePump(responses, this);
    if (this.#isOver) this.#pump.stop();
    else this.#pump.start();
  }

  #start(metadata: Metadata | undefined): void {
    this.#isStarted = true;
    this.#stream.sendHeaders(this.#responseHeaders(metadata), false);
  }

  #responseHeaders(metadata: Metadata | undefined): HeaderList {
    const { options, accepted } = this.#deps;
    const isCompressing = options.compressBytesMin !== Number.POSITIVE_INFINITY;
    const compression = isCompressing
      ? options.compressions.find(({ name }) => this.#head.acceptedEncodings.includes(name))
      : undefined;
    if (compression !== undefined) {
      this.#output = new MessageOutput(this.#stream, this, { compression, bytesMin: options.compressBytesMin });
    }
    const told = this.#head.encoding === undefined ? undefined : accepted;
    return responseHeaders({ metadata, encoding: compression?.name, accepted: told });
  }

  /** Sends the status: the one end of a call that reaches the client. */
  #finish(error: GrpcError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const list = trailers(error, this.#trailer);
    if (!this.#isStarted && error !== undefined) this.#sendLast([...this.#responseHeaders(undefined), ...list]);
    else {
      if (!this.#isStarted) this.#start(undefined);
      if (this.#output === undefined) this.#sendLast(list);
      else this.#output.afterMessages(() => this.#sendLast(list));
    }
    this.#release(error);
  }

  #sendLast(headers: HeaderList): void {
    this.#stream.sendHeaders(headers, true);
    // An early answer: the client needn't send the rest (RFC 9113, 8.1).
    if (!this.#isRequestEnded) this.#stream.reset(ErrorCode.noError);
  }

  /** Lets go of all that could still run. `error`: why there was no answer. */
  #release(error: GrpcError | undefined): void {
    this.#end = error;
    if (this.#timer !== undefined) this.#deps.runtime.timers.cancel(this.#timer);
    this.#input?.stop();
    if (error === undefined) this.#requests?.close();
    else {
      this.#requests?.abort(error);
      this.#pump?.stop();
      this.#abort?.abort(error);
    }
  }
}
