/** A node's face for clients, as it is in production, on the simulated network: HTTP/2, gRPC and the services of `kvorum.v1`. */
import type { Log } from '@kvorum/server/internal/env/env.js';
import type { Network } from '@kvorum/server/internal/env/network.js';
import { createNodeMetrics } from '@kvorum/server/internal/env/node-metrics.js';
import { GrpcFace } from '@kvorum/server/internal/api/grpc/grpc-face.js';
import type { KvorumNode } from '@kvorum/server/internal/node.js';
import type { Processor } from '../machine/processor.js';
import { StreamBytes } from './stream-bytes.js';
import { trustedKv } from './trusted-kv.js';

export const clientPort = 2379;

export interface ClientFaceDeps {
  readonly node: KvorumNode;
  readonly processor: Processor;
  readonly network: Network;
  readonly log: Log;
  readonly misreader: { readonly hasMisread: boolean };
}

/** Takes clients from now on, until the process ends; then nothing is closed in order. */
export function serveClients(host: string, { node, processor, network, log, misreader }: ClientFaceDeps): void {
  const metrics = createNodeMetrics().grpc;
  const kv = trustedKv(node.kv, misreader);
  const face = new GrpcFace({ kv, info: node, clock: processor, log, metrics }, { drainTimeoutMs: 1_000 });
  void network.listen({ host, port: clientPort }, (connection) => face.server.accept(new StreamBytes(connection)));
}
