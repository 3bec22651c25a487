/**
 * Which incarnation each configured node has (architecture 7). In a new static cluster nobody votes or acknowledges before it knows them all.
 */

/** Durable map nodeId → incarnation; satisfies the transport's IncarnationRegistry. */
export interface IncarnationStore {
  /** The registered incarnation of a configured node; undefined: not met yet; `unknownNode`: not configured. */
  lookup(nodeId: number): string | undefined | 'unknownNode';
  /** Registers a node met for the first time; resolves when synced. Registering another incarnation for a known node is an assertion failure. */
  register(nodeId: number, incarnation: string): Promise<void>;
  /** Whether every configured node's incarnation is known and synced. */
  isComplete(): boolean;
}
