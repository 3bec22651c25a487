/**
 * What a node counts. Plain number fields, so that counting costs an addition: every layer is handed its group and adds to it;
 * `ops/metrics.ts` reads all groups when somebody scrapes. Nothing here knows Prometheus, and nothing here may import anything.
 */

/** A histogram with fixed upper bounds (ascending). The last count is of what lies above all bounds. */
export class HistogramCounts {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** Bounds in milliseconds for anything that waits on a disk or a quorum. */
export const latencyBoundsMs: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 5000];
/** Bounds for how many things went together. */
export const batchBounds: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What the HTTP face counts its requests under. */
export const httpRoutes = [
  'get',
  'put',
  'delete',
  'list',
  'watch',
  'compact',
  'backup',
  'demo',
  'ops',
  'other',
] as const;
export type HttpRoute = (typeof httpRoutes)[number];

/** One HTTP route: answers by status class (index 2 is 2xx, …; 0 is "client left") and time until the answer was handed to the socket. */
export interface HttpRouteMetrics {
  readonly answers: number[];
  readonly latencyMs: HistogramCounts;
}

export interface HttpMetrics {
  readonly routes: Readonly<Record<HttpRoute, HttpRouteMetrics>>;
  openRequests: number;
  openConnections: number;
  /** Connections closed at once because `connectionsMax` were open. */
  refusedConnections: number;
  /** Requests that could not be parsed, or took too long to arrive. */
  badRequests: number;
}

/** What the gRPC face counts its calls under, those of kvorum.v1.KV and of api.KV alike. */
export const grpcMethodNames = [
  'Get',
  'Set',
  'Delete',
  'List',
  'Batch',
  'Watch',
  'GetServers',
  'OpenSession',
  'KeepAliveSession',
  'CloseSession',
] as const;
export type GrpcMethodName = (typeof grpcMethodNames)[number];

/** The names of gRPC's status codes, by number. */
export const grpcStatusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** One gRPC method: calls by status code, and time from the request until the last message was handed over. */
export interface GrpcMethodMetrics {
  readonly answers: number[];
  readonly latencyMs: HistogramCounts;
}

export interface GrpcMetrics {
  readonly methods: Readonly<Record<GrpcMethodName, GrpcMethodMetrics>>;
  openCalls: number;
  openConnections: number;
}

export interface WalMetrics {
  appendedEntries: number;
  appendedBytes: number;
  readonly syncMs: HistogramCounts;
  readonly entriesPerSync: HistogramCounts;
}

export interface StoreMetrics {
  flushedRecords: number;
  readonly flushMs: HistogramCounts;
  /** Bytes that wait in the memory ring to be flushed. */
  ringBytes: number;
}

export interface ShardMetrics {
  proposals: number;
  failedProposals: number;
  appliedCommands: number;
  leaderChanges: number;
  readIndexRounds: number;
  /** Times that entries were read back from the log on disk. */
  logReads: number;
  logReadBytes: number;
  /** Indexes at which this node, as leader, found a quorum of replicas equal (R14). */
  stateComparisons: number;
  leaseReads: number;
}

export interface TransportMetrics {
  sentBytes: number;
  receivedBytes: number;
  sentFrames: number;
  receivedFrames: number;
  /** Frames dropped because a peer's queue was full. */
  droppedFrames: number;
  connects: number;
}

export interface NodeMetrics {
  readonly http: HttpMetrics;
  readonly grpc: GrpcMetrics;
  readonly wal: WalMetrics;
  readonly store: StoreMetrics;
  readonly shard: ShardMetrics;
  readonly transport: TransportMetrics;
}

/** All zero. */
export function createNodeMetrics(): NodeMetrics {
  return {
    http: createHttpMetrics(),
    grpc: createGrpcMetrics(),
    wal: {
      appendedEntries: 0,
      appendedBytes: 0,
      syncMs: new HistogramCounts(latencyBoundsMs),
      entriesPerSync: new HistogramCounts(batchBounds),
    },
    store: { flushedRecords: 0, flushMs: new HistogramCounts(latencyBoundsMs), ringBytes: 0 },
    shard: {
      proposals: 0,
      failedProposals: 0,
      appliedCommands: 0,
      leaderChanges: 0,
      readIndexRounds: 0,
      logReads: 0,
      logReadBytes: 0,
      stateComparisons: 0,
      leaseReads: 0,
    },
    transport: {
      sentBytes: 0,
      receivedBytes: 0,
      sentFrames: 0,
      receivedFrames: 0,
      droppedFrames: 0,
      connects: 0,
    },
  };
}

function createGrpcMetrics(): GrpcMetrics {
  const method = (): GrpcMethodMetrics => ({
    answers: new Array<number>(grpcStatusNames.length).fill(0),
    latencyMs: new HistogramCounts(latencyBoundsMs),
  });
  return {
    methods: {
      Get: method(),
      Set: method(),
      Delete: method(),
      List: method(),
      Batch: method(),
      Watch: method(),
      GetServers: method(),
      OpenSession: method(),
      KeepAliveSession: method(),
      CloseSession: method(),
    },
    openCalls: 0,
    openConnections: 0,
  };
}

function createHttpMetrics(): HttpMetrics {
  const route = (): HttpRouteMetrics => ({
    answers: [0, 0, 0, 0, 0, 0],
    latencyMs: new HistogramCounts(latencyBoundsMs),
  });
  return {
    routes: {
      get: route(),
      put: route(),
      delete: route(),
      list: route(),
      watch: route(),
      compact: route(),
      backup: route(),
      demo: route(),
      ops: route(),
      other: route(),
    },
    openRequests: 0,
    openConnections: 0,
    refusedConnections: 0,
    badRequests: 0,
  };
}
