/**
 * Who may talk to this node: the checks of a hello, each with a sentence that tells a person on either side what is wrong and what to do. Pure.
 */
import { type Hello, PROTOCOL_MAX, PROTOCOL_MIN, type Refusal, type RefusalReason } from './handshake-codec.js';
import type { Identity } from './transport.js';

/**
 * Judges a hello; undefined means it is fine.
 *
 * @param expected the node that was dialed; undefined at the acceptor
 * @param registered what is known of the node: its incarnation, nothing, or that it is not configured
 */
export function judgeHello(
  own: Identity,
  hello: Hello,
  expected: number | undefined,
  registered: string | undefined | 'unknownNode',
): Refusal | undefined {
  const { nodeId } = hello;
  if (hello.protocolMin > PROTOCOL_MAX || hello.protocolMax < PROTOCOL_MIN) {
    return refuse(
      'protocolVersion',
      `node ${nodeId} speaks peer protocol ${range(hello.protocolMin, hello.protocolMax)}, node ${own.nodeId} speaks ` +
        `${range(PROTOCOL_MIN, PROTOCOL_MAX)}: upgrade the older of the two`,
    );
  }
  if (hello.clusterId !== own.clusterId) {
    return refuse(
      'otherCluster',
      `node ${nodeId} belongs to cluster ${hello.clusterId}, node ${own.nodeId} to cluster ${own.clusterId}: ` +
        `check the peers and the data directory of both`,
    );
  }
  if (hello.epoch !== own.epoch) {
    return refuse(
      'otherEpoch',
      `node ${nodeId} is at epoch ${hello.epoch} of the cluster, node ${own.nodeId} at epoch ${own.epoch}: the cluster was ` +
        `recovered in between, and the node of the lower epoch must not come back with its old data`,
    );
  }
  if (nodeId === own.nodeId) {
    return refuse(
      'sameNodeId',
      `two nodes have the id ${nodeId}, or the peers give node ${own.nodeId}'s own address for another node: ` +
        `give each node its own id and address`,
    );
  }
  if (registered === 'unknownNode') {
    return refuse(
      'unknownNode',
      `node ${nodeId} is not among the peers of node ${own.nodeId}: give all nodes the same list of peers`,
    );
  }
  if (expected !== undefined && nodeId !== expected) {
    return refuse(
      'wrongNode',
      `node ${own.nodeId} dialed node ${expected} and reached node ${nodeId}: correct the peer addresses of node ${own.nodeId}`,
    );
  }
  if (registered !== undefined && registered !== hello.incarnation) return wiped(own, hello, registered);
  return undefined;
}

function wiped(own: Identity, hello: Hello, registered: string): Refusal {
  return refuse(
    'incarnation',
    `node ${hello.nodeId} is registered at node ${own.nodeId} with data directory incarnation ${registered} but presents ` +
      `${hello.incarnation}: its data directory was wiped or replaced. Under its old id it could vote a second time or miss ` +
      `writes it has acknowledged, so it is kept out; the cluster goes on without it. Stop it and give it its original data directory back`,
  );
}

function refuse(reason: RefusalReason, message: string): Refusal {
  return { reason, message };
}

function range(min: number, max: number): string {
  return min === max ? `version ${min}` : `versions ${min} to ${max}`;
}
