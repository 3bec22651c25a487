/** Where the responses of a call go: into a promise, or a queue that its caller reads. */
import type { MessageQueue } from '../grpc/message-queue.js';
import { Status } from '../grpc/status.js';
import { CallError } from './call-error.js';
import type { ResponseSink, WindowHolder } from './client-call.js';

/** Exactly one response. */
export class SingleResponse<Response> implements ResponseSink<Response> {
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: Error) => void;
  #response: Response | undefined = undefined;
  #count = 0;

  constructor(resolve: (response: Response) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isReaderBehind(): boolean {
    return false;
  }

  onResponse(response: Response, heldBytes: number, call: WindowHolder): void {
    call.onTaken(heldBytes);
    this.#response = response;
    this.#count += 1;
  }

  onDone(error: Error | undefined): void {
    if (error !== undefined) {
      this.#reject(error);
      return;
    }
    if (this.#count !== 1) {
      this.#reject(
        new CallError(Status.INTERNAL, `the server sent ${this.#count} responses instead of one`, 'unknown'),
      );
      return;
    }
    // One response was put there; a codec may well decode to undefined.
    this.#resolve(this.#response as Response);
  }
}

/** A stream of responses. */
export class StreamedResponses<Response> implements ResponseSink<Response> {
  readonly #queue: MessageQueue<Response>;

  constructor(queue: MessageQueue<Response>) {
    this.#queue = queue;
  }

  get isReaderBehind(): boolean {
    return !this.#queue.isEmpty;
  }

  onResponse(response: Response, heldBytes: number): void {
    this.#queue.push(response, heldBytes);
  }

  onDone(error: Error | undefined): void {
    if (error === undefined) this.#queue.end();
    else this.#queue.fail(error);
  }
}
