/**
 * All metrics of a node: name, type, meaning, and where the figure comes from at scrape time. docs/metrics.md has a row for each
 * (a test compares). Units are Prometheus' own: seconds, bytes.
 */
import type { HistogramCounts, NodeMetrics } from '../env/node-metrics.js';
import { grpcMethodNames, grpcStatusNames, httpRoutes } from '../env/node-metrics.js';
import type { ProcessFigures } from '../env/process-probe.js';
import type { NodeStatus, ShardStatus } from '../service/kv-service.js';

/** Everything a scrape reads, taken once. */
export interface MetricSource {
  readonly counts: NodeMetrics;
  readonly status: NodeStatus;
  readonly process: ProcessFigures;
}

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

export interface NumberMetric {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (source: MetricSource) => readonly Sample[];
}

export interface HistogramMetric {
  readonly type: 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Bounds and sums are multiplied with this: 0.001 turns milliseconds into seconds. */
  readonly scale: number;
  readonly read: (source: MetricSource) => readonly (readonly [labels: Labels, counts: HistogramCounts])[];
}

export type MetricRow = NumberMetric | HistogramMetric;

const statusClasses = ['gone', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export const metricList: readonly MetricRow[] = [
  ...nodeRows(),
  ...shardRows(),
  ...httpRows(),
  ...grpcRows(),
  ...walRows(),
  ...storeRows(),
  ...transportRows(),
  ...processRows(),
];

function nodeRows(): MetricRow[] {
  return [
    {
      type: 'gauge',
      name: 'kvorum_node_info',
      help: 'Always 1; the labels tell which node and version this is.',
      labels: ['node', 'cluster', 'version', 'storage'],
      read: ({ status }) => [
        [
          { node: String(status.nodeId), cluster: status.clusterId, version: status.version, storage: status.storage },
          1,
        ],
      ],
    },
    gauge('kvorum_node_ready', 'Whether this node can serve linearizable requests now, 1 or 0.', ({ status }) =>
      Number(status.isReady),
    ),
    gauge('kvorum_node_uptime_seconds', 'Time since this node started.', ({ status }) => status.uptimeMs / 1000),
    gauge(
      'kvorum_node_members',
      'Nodes of the cluster that this node knows, itself included.',
      ({ status }) => status.members.length,
    ),
    gauge(
      'kvorum_node_members_connected',
      'Nodes connected to this one, itself included.',
      ({ status }) => status.members.filter((member) => member.isConnected || member.isSelf).length,
    ),
  ];
}

function shardRows(): MetricRow[] {
  return [
    shardGauge('is_leader', 'Whether this replica leads its shard, 1 or 0.', (shard) =>
      Number(shard.role === 'leader'),
    ),
    shardGauge('has_leader', 'Whether this replica knows a leader, 1 or 0.', (shard) =>
      Number(shard.leader !== undefined),
    ),
    shardGauge('term', 'Raft term of this replica.', (shard) => shard.term),
    shardGauge('last_index', 'Index of the newest entry in the log of this replica.', (shard) => shard.lastIndex),
    shardGauge('commit_index', 'Highest index known to be committed.', (shard) => shard.commitIndex),
    shardGauge('applied_index', 'Highest index applied to the state machine.', (shard) => shard.appliedIndex),
    shardGauge('flushed_index', 'Highest applied index that is in the store on disk.', (shard) => shard.flushedIndex),
    shardGauge('revision', 'Newest revision of the shard.', (shard) => shard.revision),
    shardGauge('compact_revision', 'Oldest revision that can be read.', (shard) => shard.compactRevision),
    shardGauge('keys', 'Keys that exist now.', (shard) => shard.keys),
    shardGauge('corrupt', 'Whether this replica was found corrupt and serves no more, 1 or 0.', (shard) =>
      Number(shard.corruption !== undefined),
    ),
    counter('kvorum_shard_proposals_total', 'Proposals made on this node.', ({ counts }) => counts.shard.proposals),
    counter(
      'kvorum_shard_failed_proposals_total',
      'Proposals that failed or whose outcome is unknown.',
      ({ counts }) => counts.shard.failedProposals,
    ),
    counter(
      'kvorum_shard_applied_commands_total',
      'Commands applied on this node.',
      ({ counts }) => counts.shard.appliedCommands,
    ),
    counter(
      'kvorum_shard_leader_changes_total',
      'Changes of leader that this node has seen.',
      ({ counts }) => counts.shard.leaderChanges,
    ),
    counter(
      'kvorum_shard_read_index_rounds_total',
      'Rounds that confirmed leadership for linearizable reads.',
      ({ counts }) => counts.shard.readIndexRounds,
    ),
    counter(
      'kvorum_shard_log_reads_total',
      'Times that log entries were read back from disk, for followers that lag or for late applying.',
      ({ counts }) => counts.shard.logReads,
    ),
    counter(
      'kvorum_shard_log_read_bytes_total',
      'Bytes of the log entries read back from disk.',
      ({ counts }) => counts.shard.logReadBytes,
    ),
    counter(
      'kvorum_shard_state_comparisons_total',
      'Comparisons in which this node, as leader, found the states of a quorum equal.',
      ({ counts }) => counts.shard.stateComparisons,
    ),
    counter(
      'kvorum_shard_lease_reads_total',
      "Linearizable reads, those of other nodes included, that the leader's lease answered without a round.",
      ({ counts }) => counts.shard.leaseReads,
    ),
  ];
}

function httpRows(): MetricRow[] {
  return [
    {
      type: 'counter',
      name: 'kvorum_http_requests_total',
      help: 'Requests by route and status class; "gone" are those whose client left before the answer.',
      labels: ['route', 'status'],
      read: ({ counts }) =>
        httpRoutes.flatMap((route) =>
          statusClasses.map(
            (status, index): Sample => [{ route, status }, counts.http.routes[route].answers[index] ?? 0],
          ),
        ),
    },
    {
      type: 'histogram',
      name: 'kvorum_http_request_duration_seconds',
      help: 'Time from the header of a request until its answer was handed to the system.',
      labels: ['route'],
      scale: 0.001,
      read: ({ counts }) => httpRoutes.map((route) => [{ route }, counts.http.routes[route].latencyMs]),
    },
    gauge('kvorum_http_open_requests', 'Requests being served.', ({ counts }) => counts.http.openRequests),
    gauge(
      'kvorum_http_open_connections',
      'Open client connections of any kind.',
      ({ counts }) => counts.http.openConnections,
    ),
    counter(
      'kvorum_http_refused_connections_total',
      'Connections of any kind closed at once because connectionsMax were open.',
      ({ counts }) => counts.http.refusedConnections,
    ),
    counter(
      'kvorum_http_bad_requests_total',
      'Requests that could not be parsed or took too long to arrive.',
      ({ counts }) => counts.http.badRequests,
    ),
  ];
}

function grpcRows(): MetricRow[] {
  return [
    {
      type: 'counter',
      name: 'kvorum_grpc_calls_total',
      help: 'Calls that ended, by method and status code.',
      labels: ['method', 'code'],
      read: ({ counts }) =>
        grpcMethodNames.flatMap((method) =>
          grpcStatusNames.flatMap((code, index): Sample[] => {
            const calls = counts.grpc.methods[method].answers[index] ?? 0;
            // Most codes never happen to most methods; what has not happened is left out, but for OK.
            return calls === 0 && index > 0 ? [] : [[{ method, code }, calls]];
          }),
        ),
    },
    {
      type: 'histogram',
      name: 'kvorum_grpc_call_duration_seconds',
      help: 'Time from the request of a call until its last message was handed over.',
      labels: ['method'],
      scale: 0.001,
      read: ({ counts }) => grpcMethodNames.map((method) => [{ method }, counts.grpc.methods[method].latencyMs]),
    },
    gauge('kvorum_grpc_open_calls', 'Calls being served, watches included.', ({ counts }) => counts.grpc.openCalls),
    gauge(
      'kvorum_grpc_open_connections',
      'Open client connections that speak gRPC.',
      ({ counts }) => counts.grpc.openConnections,
    ),
  ];
}

function walRows(): MetricRow[] {
  return [
    counter(
      'kvorum_wal_appended_entries_total',
      'Entries appended to the write-ahead log.',
      ({ counts }) => counts.wal.appendedEntries,
    ),
    counter(
      'kvorum_wal_appended_bytes_total',
      'Bytes appended to the write-ahead log.',
      ({ counts }) => counts.wal.appendedBytes,
    ),
    histogram(
      'kvorum_wal_sync_duration_seconds',
      'Time of one write and sync of the write-ahead log.',
      0.001,
      ({ counts }) => counts.wal.syncMs,
    ),
    histogram(
      'kvorum_wal_entries_per_sync',
      'Entries made durable by one sync.',
      1,
      ({ counts }) => counts.wal.entriesPerSync,
    ),
  ];
}

function storeRows(): MetricRow[] {
  return [
    counter(
      'kvorum_store_flushed_records_total',
      'Records flushed to the store.',
      ({ counts }) => counts.store.flushedRecords,
    ),
    histogram('kvorum_store_flush_duration_seconds', 'Time of one flush.', 0.001, ({ counts }) => counts.store.flushMs),
    gauge(
      'kvorum_store_ring_bytes',
      'Bytes in memory that wait to be flushed.',
      ({ counts }) => counts.store.ringBytes,
    ),
  ];
}

function transportRows(): MetricRow[] {
  return [
    counter(
      'kvorum_transport_sent_bytes_total',
      'Bytes sent to other nodes.',
      ({ counts }) => counts.transport.sentBytes,
    ),
    counter(
      'kvorum_transport_received_bytes_total',
      'Bytes received from other nodes.',
      ({ counts }) => counts.transport.receivedBytes,
    ),
    counter(
      'kvorum_transport_sent_frames_total',
      'Frames sent to other nodes.',
      ({ counts }) => counts.transport.sentFrames,
    ),
    counter(
      'kvorum_transport_received_frames_total',
      'Frames received from other nodes.',
      ({ counts }) => counts.transport.receivedFrames,
    ),
    counter(
      'kvorum_transport_dropped_frames_total',
      'Frames dropped because the queue to a node was full.',
      ({ counts }) => counts.transport.droppedFrames,
    ),
    counter(
      'kvorum_transport_connects_total',
      'Connections made with other nodes, in either direction.',
      ({ counts }) => counts.transport.connects,
    ),
  ];
}

function processRows(): MetricRow[] {
  return [
    {
      type: 'counter',
      name: 'kvorum_process_cpu_seconds_total',
      help: 'CPU time of the process, all its threads.',
      labels: ['mode'],
      read: ({ process }) => [
        [{ mode: 'user' }, process.cpuUserSeconds],
        [{ mode: 'system' }, process.cpuSystemSeconds],
      ],
    },
    gauge(
      'kvorum_process_resident_memory_bytes',
      'Resident memory of the process.',
      ({ process }) => process.residentBytes,
    ),
    gauge('kvorum_process_heap_used_bytes', 'JavaScript heap in use.', ({ process }) => process.heapUsedBytes),
    gauge(
      'kvorum_process_external_memory_bytes',
      'Memory of buffers outside the JavaScript heap.',
      ({ process }) => process.externalBytes,
    ),
    {
      type: 'gauge',
      name: 'kvorum_process_event_loop_delay_seconds',
      help: 'How late the event loop was since the scrape before; percentiles and longest.',
      labels: ['quantile'],
      read: ({ process }) => [
        [{ quantile: '0.5' }, process.loopDelayP50Seconds],
        [{ quantile: '0.99' }, process.loopDelayP99Seconds],
        [{ quantile: '1' }, process.loopDelayMaxSeconds],
      ],
    },
    counter('kvorum_process_gc_pauses_total', 'Garbage collections.', ({ process }) => process.gcPauses),
    counter(
      'kvorum_process_gc_seconds_total',
      'Time spent in garbage collections.',
      ({ process }) => process.gcSeconds,
    ),
    gauge(
      'kvorum_process_gc_longest_seconds',
      'Longest garbage collection since the scrape before.',
      ({ process }) => process.gcMaxSeconds,
    ),
  ];
}

type ReadNumber = (source: MetricSource) => number;

function gauge(name: string, help: string, read: ReadNumber): NumberMetric {
  return { type: 'gauge', name, help, labels: [], read: (source) => [[{}, read(source)]] };
}

function counter(name: string, help: string, read: ReadNumber): NumberMetric {
  return { type: 'counter', name, help, labels: [], read: (source) => [[{}, read(source)]] };
}

function histogram(
  name: string,
  help: string,
  scale: number,
  read: (source: MetricSource) => HistogramCounts,
): HistogramMetric {
  return { type: 'histogram', name, help, labels: [], scale, read: (source) => [[{}, read(source)]] };
}

function shardGauge(name: string, help: string, read: (shard: ShardStatus) => number): NumberMetric {
  return {
    type: 'gauge',
    name: `kvorum_shard_${name}`,
    help,
    labels: ['shard', 'keyspace'],
    read: ({ status }) =>
      status.shards.map((shard) => [{ shard: String(shard.shard), keyspace: shard.keyspace }, read(shard)]),
  };
}
