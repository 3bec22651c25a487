/** Starts the transport of a node, or tells that a cluster of one needs none. */
import type { Env } from './env/env.js';
import type { NodeStorage } from './node-storage.js';
import { formatAddress } from './options/address.js';
import type { ResolvedNodeOptions } from './options/node-options.js';
import type { IncarnationStore } from './storage/incarnation-registry.js';
import { PeerTransport } from './transport/peer-transport.js';
import type { IncarnationRegistry, TransportHandler } from './transport/transport.js';
import { version } from './version.js';
import { TRANSPORT_DEFAULTS } from './transport/transport-options.js';

export interface NodeTransportDeps {
  readonly env: Env;
  readonly storage: NodeStorage;
  readonly handler: TransportHandler;
  readonly clusterId: string;
  /** Told to peers, so that they can send clients there; empty for none. */
  readonly clientAddress: string;
  /** The last configured node was met and has synced our incarnation. */
  readonly onFormed: () => void;
  /** The disk failed under the registry. */
  readonly fail: (error: unknown) => void;
}

/** Undefined for a cluster of one. Fails with a NetworkError when the peer address can't be taken. */
export async function startNodeTransport(
  deps: NodeTransportDeps,
  options: ResolvedNodeOptions,
): Promise<{ readonly transport: PeerTransport; readonly peerAddress: string } | undefined> {
  const peers = new Map([...options.peers].filter(([id]) => id !== options.nodeId));
  if (peers.size === 0) return undefined;
  const { env, storage, clusterId, clientAddress } = deps;
  const { nodeId, zone = '' } = options;
  const { incarnation } = storage;
  const identity = { clusterId, epoch: 1, nodeId, incarnation, clientAddress, zone, version };
  const transport = new PeerTransport(
    { env, identity, registry: observed(storage.incarnations, deps) },
    {
      ...TRANSPORT_DEFAULTS,
      listen: options.peerAddress,
      peers,
      peerQueueBytesMax: options.peerQueueBytes,
      connectTimeoutMs: options.connectTimeoutMs,
      snapshotBytesPerSecond: options.snapshotBytesPerSecond,
    },
  );
  const bound = await transport.start(deps.handler);
  return { transport, peerAddress: formatAddress(bound) };
}

/** The registry, telling when it becomes complete and when its disk fails. */
function observed(registry: IncarnationStore, deps: Pick<NodeTransportDeps, 'onFormed' | 'fail'>): IncarnationRegistry {
  const watch = async (change: Promise<void>): Promise<void> => {
    try {
      await change;
    } catch (error) {
      deps.fail(error);
      throw error;
    }
    if (registry.isComplete()) deps.onFormed();
  };
  return {
    lookup: (nodeId) => registry.lookup(nodeId),
    register: (nodeId, incarnation) => watch(registry.register(nodeId, incarnation)),
    isConfirmed: (nodeId) => registry.isConfirmed(nodeId),
    confirm: (nodeId) => watch(registry.confirm(nodeId)),
    isComplete: () => registry.isComplete(),
  };
}
