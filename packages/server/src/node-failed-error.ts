/** Why a node ended by itself. */

export type NodeFailureKind =
  /** A write, sync or rename failed, on log or store (R17). */
  | 'disk'
  /** Log or store contradict themselves (R16). */
  | 'damaged'
  /** The cluster knows this node with another data directory (R5). */
  | 'identityRefused'
  /** A bug: an invariant does not hold. */
  | 'internal';

/** `node.closed` rejects with it, and `startNode` when it happens there. The data on disk is left as it is. */
export class NodeFailedError extends Error {
  override readonly name = 'NodeFailedError';
  readonly code = 'NODE_FAILED';
  readonly kind: NodeFailureKind;
  readonly retryable = false;

  constructor(kind: NodeFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
