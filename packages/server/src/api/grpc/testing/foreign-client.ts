/** @grpc/grpc-js with messages of protobufjs: a client in which nothing is ours, on a client port over fakes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { errorFromGrpc, type KvorumError } from '@kvorum/protocol';
import protobuf from 'protobufjs';
import { startTestFace, type TestFace } from '../../http/testing/test-face.js';

const folder = fileURLToPath(new URL('../../../../../protocol/proto', import.meta.url));

/** The .proto files as they are published. */
function readSchema(): protobuf.Root {
  const root = new protobuf.Root();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.proto')) protobuf.parse(readFileSync(join(folder, name), 'utf8'), root);
  }
  root.resolveAll();
  return root;
}

const schema = readSchema();

export interface CallOptions {
  readonly deadlineMs?: number;
  readonly metadata?: Record<string, string>;
}

export interface ListAnswer {
  readonly rows: readonly Record<string, unknown>[];
  readonly headers: Metadata | undefined;
}

/** A failed call: its gRPC code and message, and the error in its detail. */
export interface CallFailure {
  readonly code: number;
  readonly message: string;
  readonly error: KvorumError;
}

export class ForeignClient {
  readonly #client: Client;

  constructor(port: number) {
    // Clients of one process would share a connection otherwise.
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  }

  /** A unary call; bytes in answers are Buffers, 64-bit numbers are numbers. */
  call(
    service: string,
    method: string,
    request: object,
    { deadlineMs, metadata = {} }: CallOptions = {},
  ): Promise<Record<string, unknown>> {
    const { path, encode, decode } = methodOf(service, method);
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    return new Promise((resolve, reject) => {
      const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
      this.#client.makeUnaryRequest(path, encode, decode, request, sent, options, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('no answer'));
      });
    });
  }

  list(service: string, request: object): Promise<ListAnswer> {
    const { path, encode, decode } = methodOf(service, 'List');
    return new Promise((resolve, reject) => {
      const rows: Record<string, unknown>[] = [];
      let headers: Metadata | undefined;
      const stream = this.#client.makeServerStreamRequest(path, encode, decode, request);
      stream.on('metadata', (metadata: Metadata) => {
        headers = metadata;
      });
      stream.on('data', (row: Record<string, unknown>) => rows.push(row));
      stream.on('error', reject);
      stream.on('end', () => resolve({ rows, headers }));
    });
  }

  /** A running watch: what has come so far, and how it ended. */
  watch(request: object): ForeignWatch {
    const { path, encode, decode } = methodOf('kvorum.v1.KV', 'Watch');
    const stream = this.#client.makeServerStreamRequest(path, encode, decode, request);
    return new ForeignWatch(stream);
  }

  /** How a unary call fails. */
  async failure(service: string, method: string, request: object, options?: CallOptions): Promise<CallFailure> {
    return failureOf(this.call(service, method, request, options));
  }

  close(): void {
    this.#client.close();
  }
}

/** A watch as a client sees it. */
export class ForeignWatch {
  /** `put k=v@5` or `delete k@6` of each event, in the order in which they came. */
  readonly events: string[] = [];
  /** Of each event the value before it, empty where none came. */
  readonly previous: string[] = [];
  readonly responses: Record<string, unknown>[] = [];
  /** Rejects when the watch ends with another status than OK. */
  readonly ended: Promise<void>;
  readonly #stream: ClientReadableStream<Record<string, unknown>>;
  #onResponse: () => void = () => undefined;

  constructor(stream: ClientReadableStream<Record<string, unknown>>) {
    this.#stream = stream;
    this.ended = new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('end', () => resolve());
    });
    this.ended.catch(() => undefined);
    stream.on('data', (response: Record<string, unknown>) => {
      this.responses.push(response);
      const { events } = response;
      if (Array.isArray(events)) {
        this.events.push(...events.map(eventText));
        this.previous.push(...events.map((event) => String(event.prevKv?.value ?? '')));
      }
      this.#onResponse();
    });
  }

  /** Resolves when the last of the events that have come is this one. */
  async until(event: string): Promise<void> {
    while (this.events.at(-1) !== event) await this.#more();
  }

  /** Resolves when the watch has begun. */
  async begun(): Promise<void> {
    while (this.responses.length === 0) await this.#more();
  }

  cancel(): void {
    this.#stream.cancel();
  }

  /** Stops reading; what is on its way fills the windows of the connection. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #more(): Promise<void> {
    return Promise.race([
      this.ended,
      new Promise<void>((resolve) => {
        this.#onResponse = resolve;
      }),
    ]);
  }
}

function eventText({ kind, kv }: { kind: number; kv: { key: Buffer; value: Buffer; modRevision: number } }): string {
  return kind === 0 ? `put ${kv.key}=${kv.value}@${kv.modRevision}` : `delete ${kv.key}@${kv.modRevision}`;
}

/** How a call fails that should. */
export async function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  const cause = await call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  if (!isServiceError(cause)) throw cause;
  const [details] = cause.metadata.get('grpc-status-details-bin');
  const { code, details: message } = cause;
  const bytes = details instanceof Uint8Array ? details : undefined;
  return { code, message, error: errorFromGrpc(code, message, bytes) };
}

/** A client port over fakes with a foreign client; both close with the test. */
export async function startForeign(
  t: TestContext,
): Promise<{ readonly face: TestFace; readonly client: ForeignClient }> {
  const face = await startTestFace(t);
  const client = new ForeignClient(face.port);
  t.after(() => client.close());
  return { face, client };
}

function methodOf(service: string, name: string) {
  const method = schema.lookupService(service).methods[name];
  const { resolvedRequestType: request, resolvedResponseType: response } = method ?? {};
  if (!request || !response) throw new Error(`there is no ${service}.${name}`);
  return {
    path: `/${service}/${name}`,
    encode: (message: object) => Buffer.from(request.encode(request.fromObject(message)).finish()),
    decode: (bytes: Buffer): Record<string, unknown> =>
      response.toObject(response.decode(bytes), { longs: Number, defaults: true }),
  };
}

function isServiceError(cause: unknown): cause is ServiceError {
  return cause instanceof Error && 'metadata' in cause && 'details' in cause;
}
