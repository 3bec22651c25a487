/**
 * The health service `grpc.health.v1.Health`: whether a service, or the server as a whole (the empty name), is serving. Check asks once, Watch
 * tells of each change; a watcher that reads slowly sees the newest status, not all there were, so it holds no queue.
 */
import type { Codec } from '../grpc/codec.js';
import { GrpcError, Status } from '../grpc/status.js';
import { bytesField, intField, readFields, textOf } from './protobuf.js';
import { serverStream, type ServiceTable, serviceTable, unary } from './service.js';

/** Longest name of a service that is watched, in UTF-16 units: a watch of a service that nobody has set keeps the name as long as it is open. */
export const watchedNameLengthMax = 1_024;

/** The values of `HealthCheckResponse.ServingStatus`. */
export const ServingStatus = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** Whether a service is serving. SERVICE_UNKNOWN is only told to watchers. */
export type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** The full name of the service. */
export const healthServiceName = 'grpc.health.v1.Health';

const knownStatuses = new Map<number, ServingStatus>(Object.values(ServingStatus).map((status) => [status, status]));

/** `HealthCheckRequest`, as the name in it. */
export const healthRequestCodec: Codec<string> = {
  encode: (service) => (service === '' ? new Uint8Array(0) : bytesField(1, service)),
  decode(bytes) {
    let service = '';
    for (const field of readFields(bytes)) if (field.number === 1) service = textOf(field.bytes);
    return service;
  },
};

/** `HealthCheckResponse`, as the status in it. */
export const healthResponseCodec: Codec<ServingStatus> = {
  encode: (status) => intField(1, status),
  decode(bytes) {
    let status: ServingStatus = ServingStatus.UNKNOWN;
    for (const field of readFields(bytes)) if (field.number === 1) status = knownStatuses.get(field.int) ?? status;
    return status;
  },
};

/** The statuses of one server, and the methods that tell them. */
export class HealthService {
  readonly #statuses = new Map<string, ServingStatus>([['', ServingStatus.SERVING]]);
  readonly #watches = new Map<string, Set<StatusWatch>>();
  #isShutDown = false;

  /** The service's methods, for a server. */
  readonly table: ServiceTable = serviceTable({
    [healthServiceName]: {
      Check: unary(healthRequestCodec, healthResponseCodec, (service) => this.#check(service)),
      Watch: serverStream(healthRequestCodec, healthResponseCodec, (service) => this.#watch(service)),
    },
  });

  /** Sets the status of a service; the empty name is the whole server. Without effect after `shutDown`. */
  setStatus(service: string, status: ServingStatus): void {
    if (!this.#isShutDown) this.#change(service, status);
  }

  /** Every service is NOT_SERVING from now on: the server is about to drain. Watches end once they have told so, or nothing would ever end them. */
  shutDown(): void {
    this.#isShutDown = true;
    for (const service of this.#statuses.keys()) this.#change(service, ServingStatus.NOT_SERVING);
    for (const watches of this.#watches.values()) for (const watch of watches) watch.end();
  }

  /** Watches that are open. */
  get watches(): number {
    let sum = 0;
    for (const watches of this.#watches.values()) sum += watches.size;
    return sum;
  }

  #change(service: string, status: ServingStatus): void {
    if (this.#statuses.get(service) === status) return;
    this.#statuses.set(service, status);
    for (const watch of this.#watches.get(service) ?? []) watch.tell(status);
  }

  #check(service: string): ServingStatus {
    const status = this.#statuses.get(service);
    if (status === undefined) throw new GrpcError(Status.NOT_FOUND, `unknown service "${service}"`);
    return status;
  }

  #watch(service: string): StatusWatch {
    if (service.length > watchedNameLengthMax) {
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        `the name of a service has at most ${watchedNameLengthMax} characters`,
      );
    }
    const all = this.#watches.get(service) ?? new Set();
    this.#watches.set(service, all);
    const watch = new StatusWatch(() => {
      all.delete(watch);
      if (all.size === 0) this.#watches.delete(service);
    });
    all.add(watch);
    watch.tell(this.#statuses.get(service) ?? ServingStatus.SERVICE_UNKNOWN);
    if (this.#isShutDown) watch.end();
    return watch;
  }
}

/** What one watcher pulls: the newest status it has not seen yet. */
class StatusWatch implements AsyncIterableIterator<ServingStatus, undefined, undefined> {
  readonly #onReturn: () => void;
  #newest: ServingStatus | undefined;
  #last: ServingStatus | undefined;
  /** There will be no more news. */
  #isEnding = false;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  tell(status: ServingStatus): void {
    this.#newest = status;
    this.#wake?.();
  }

  /** The reader gets what it has not seen yet, then the end. */
  end(): void {
    this.#isEnding = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<ServingStatus, undefined>> {
    // A status that changed and changed back while nobody read is no news.
    while (!this.#isOver && !this.#isEnding && this.#newest === this.#last) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isOver || this.#newest === undefined || this.#newest === this.#last) return this.return();
    this.#last = this.#newest;
    return { done: false, value: this.#newest };
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#onReturn();
      this.#wake?.();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
