/** Figures that the parts of a node keep themselves, summed up when somebody scrapes. */
import type { TransportMetrics } from './env/node-metrics.js';
import type { HostedShard } from './shard/hosted-shard.js';
import type { PeerTransport } from './transport/peer-transport.js';

/** What all connections with other nodes have carried since the start. */
export function transportMetrics(transport: PeerTransport, nodeIds: Iterable<number>): TransportMetrics {
  const sum = { sentBytes: 0, receivedBytes: 0, sentFrames: 0, receivedFrames: 0, droppedFrames: 0, connects: 0 };
  for (const nodeId of nodeIds) {
    const counters = transport.countersOf(nodeId);
    if (counters === undefined) continue;
    sum.sentBytes += counters.sentBytes;
    sum.receivedBytes += counters.receivedBytes;
    sum.sentFrames += counters.sentFrames;
    sum.receivedFrames += counters.receivedFrames;
    sum.droppedFrames += counters.droppedMessages + counters.droppedForwards;
    sum.connects += counters.connections;
  }
  return sum;
}

/** Bytes of records that wait in memory rings. */
export function unflushedBytes(shards: Iterable<HostedShard>): number {
  let bytes = 0;
  for (const { replica } of shards) bytes += replica.machine?.unflushedBytes ?? 0;
  return bytes;
}
