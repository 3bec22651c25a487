/**
 * The id of a cluster that was restored from a backup. It differs from the id its name and voters give, and from that of every other backup, so
 * nodes of the old cluster, nodes that were never restored and nodes restored from another file are refused in the handshake. All nodes that restore
 * the same file under the same name and voters come to the same id without having met.
 */
import { createHash } from 'node:crypto';

/**
 * @param configuredId what the cluster's name and voters give, 16 hex digits
 * @param origin the restored backup's {@link backupOrigin}
 */
export function restoredClusterId(configuredId: string, origin: string): string {
  return digest(`kvorum restored cluster 1\n${configuredId}\n${origin}\n`);
}

/** Names a backup by its meta row, which holds its position, revision and both hashes: 16 hex digits. */
export function backupOrigin(meta: Uint8Array): string {
  return digest(meta);
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
