/**
 * When a node of a static cluster is *formed*: it may vote and acknowledge (R5). Before that only handshakes flow.
 *
 * Each node decides for itself. It is formed once it has synced the incarnation of every other configured node and every one of them has told that it synced
 * ours. Both are facts on disk, so a formed node that restarts is formed at once, whoever is down, and a node that was wiped never is: the others refuse it.
 */

/** What the registry of incarnations tells. */
export interface FormingRegistry {
  lookup(nodeId: number): string | undefined | 'unknownNode';
  isConfirmed(nodeId: number): boolean;
}

/** Whether node `ownId` of `configured` may vote and acknowledge. A node alone is formed by itself. */
export function isFormed(ownId: number, configured: readonly number[], registry: FormingRegistry): boolean {
  return missingPeers(ownId, configured, registry).length === 0;
}

/** The nodes that are still to be met, in ascending order: for `/readyz` and the log. */
export function missingPeers(
  ownId: number,
  configured: readonly number[],
  registry: FormingRegistry,
): readonly number[] {
  const isMissing = (id: number) => registry.lookup(id) === undefined || !registry.isConfirmed(id);
  return configured.filter((id) => id !== ownId && isMissing(id)).sort((a, b) => a - b);
}
