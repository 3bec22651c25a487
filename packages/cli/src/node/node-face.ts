/** What the command needs of a node: a part of what `startNode` of `@kvorum/server` gives. */
import type { Log, NodeOptions } from '@kvorum/server';

export interface RunningNode {
  /** `host:port` as bound; undefined when the node opened no client port. */
  readonly clientAddress: string | undefined;
  readonly peerAddress: string | undefined;
  /** Settles when the node has ended: resolves after `close`, rejects when it ended by itself. */
  readonly closed: Promise<void>;
  /** Drains and stops. Idempotent. */
  close(): Promise<void>;
}

/** Starts a node; rejects with a typed error when it cannot. */
export type StartNode = (options: NodeOptions & { readonly log?: Log }) => Promise<RunningNode>;
