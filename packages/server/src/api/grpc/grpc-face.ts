/** The gRPC face: kvorum.v1.KV and api.KV on the service, health and reflection. It is given connections and does not listen itself. */
import { Buffer } from 'node:buffer';
import {
  createRuntime,
  GrpcServer,
  gzip,
  HealthService,
  type Http2Limits,
  reflectionTable,
  type Runtime,
  type ServiceTable,
  ServingStatus,
} from '@kvorum/grpc';
import { fileDescriptors } from '@kvorum/protocol/file-descriptors.js';
import type { Clock, Log, Timer } from '../../env/env.js';
import type { GrpcMetrics } from '../../env/node-metrics.js';
import type { KvService, NodeInfo } from '../../service/kv-service.js';
import type { CallTracer } from '../tracing/call-tracer.js';
import { tracedTable } from '../tracing/traced-methods.js';
import { apiKvTable } from './api-kv-table.js';
import { kvServiceTable } from './kv-service-table.js';
import { healthPollMs, messageBytesMax } from './limits.js';
import { ServedCalls } from './served-calls.js';
import { WatchStreams } from './watch.js';

export interface GrpcFaceDeps {
  readonly kv: KvService;
  readonly info: Pick<NodeInfo, 'status'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GrpcMetrics;
  /** Undefined: no spans. */
  readonly tracer?: CallTracer | undefined;
}

export interface GrpcFaceOptions {
  /** At a stop, calls still running after this are cut off. */
  readonly drainTimeoutMs: number;
}

const services = ['', 'kvorum.v1.KV', 'api.KV'] as const;

export class GrpcFace {
  /** Takes connections. */
  readonly server: GrpcServer;
  readonly runtime: Runtime;
  readonly #deps: GrpcFaceDeps;
  readonly #health = new HealthService();
  readonly #watches: WatchStreams;
  #poll: Timer | undefined;

  constructor(deps: GrpcFaceDeps, { drainTimeoutMs }: GrpcFaceOptions) {
    this.#deps = deps;
    const { kv, clock, log } = deps;
    this.#watches = new WatchStreams(kv);
    this.runtime = createRuntime({
      now: () => clock.nowMs(),
      setTimer: (delayMs, run) => clock.setTimer(delayMs, run),
      endOfTurn: (run) => clock.defer(run),
    });
    const http2: Partial<Http2Limits> = { drainTimeoutMs };
    this.server = new GrpcServer(
      {
        runtime: this.runtime,
        services: this.#table(),
        onError: (error, { path }) => log.error('a call failed for an unforeseen reason', { path, cause: text(error) }),
        onConnectionError: (error) => log.debug('a gRPC connection ended', { cause: error.message }),
      },
      { messageBytesMax, compressions: [gzip], http2 },
    );
  }

  /** Begins to tell health; the server takes connections from the start on. */
  open(): void {
    this.#tellHealth();
    this.#poll = this.#deps.clock.setInterval(healthPollMs, () => this.#tellHealth());
  }

  /** Tells that the node serves no more, ends watches, which would never end by themselves, finishes running calls for up to the drain time, then closes all connections. Idempotent. */
  close(): Promise<void> {
    this.#poll?.cancel();
    this.#health.shutDown();
    this.#watches.stop();
    return this.server.close();
  }

  #table(): ServiceTable {
    const { kv, info, tracer } = this.#deps;
    const calls = new ServedCalls(this.#deps);
    const files = fileDescriptors.map(({ base64 }) => Buffer.from(base64, 'base64'));
    const services = new Map([
      ...kvServiceTable({ kv, info, calls, watches: this.#watches }),
      ...apiKvTable({ kv, info, calls }),
    ]);
    return new Map([
      ...(tracer === undefined ? services : tracedTable(tracer, services)),
      ...this.#health.table,
      ...reflectionTable({ files }),
    ]);
  }

  #tellHealth(): void {
    const status = this.#deps.info.status().isReady ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    for (const service of services) this.#health.setStatus(service, status);
  }
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
