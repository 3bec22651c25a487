/** The id of a static cluster: what its nodes prove to each other in the handshake. */
import { createHash } from 'node:crypto';

/**
 * 8 bytes as 16 hex digits, equal on all nodes that have the same name and the same set of voters. Addresses may change; a node that
 * is configured with other voters belongs to another cluster.
 */
export function staticClusterId(clusterName: string, voters: readonly number[]): string {
  const members = [...voters].sort((a, b) => a - b).join(',');
  return createHash('sha256')
    .update(`kvorum static cluster 1\n${clusterName}\n${members}\n`)
    .digest('hex')
    .slice(0, 16);
}
