/**
 * Which incarnation each configured node has, and which of them have synced ours (architecture 7).
 *
 * Both facts are needed before a node of a new static cluster may vote or acknowledge. Knowing the others is not enough: a node that voted before the others
 * had synced *its* incarnation could be wiped, come back as one never met, and vote again in the same term (R5).
 */

/** Durable map nodeId → incarnation; satisfies the transport's IncarnationRegistry. Calls for one node may overlap; each resolves when synced. */
export interface IncarnationStore {
  /** The registered incarnation of a configured node; undefined: not met yet; `unknownNode`: not configured. */
  lookup(nodeId: number): string | undefined | 'unknownNode';
  /**
   * Registers a node met for the first time; resolves when synced, `lookup` answers it from then on. The same incarnation again is fine and waits for a sync
   * under way; another incarnation for a known or just registering node is an assertion failure.
   */
  register(nodeId: number, incarnation: string): Promise<void>;
  /** Whether the (configured) node has told that it synced this node's incarnation, and that is synced here. */
  isConfirmed(nodeId: number): boolean;
  /** Notes that a registered node has synced this node's incarnation; resolves when synced. Confirming again is fine. */
  confirm(nodeId: number): Promise<void>;
  /** Whether every configured node but this one is registered and confirmed: from then on, for good, this node may vote and acknowledge. */
  isComplete(): boolean;
}
