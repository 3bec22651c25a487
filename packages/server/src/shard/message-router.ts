/** Where the messages that come out of one replica's core go: to its own append and apply work, back into the core, or to other nodes. */
import { isLocalDelivery, type Message } from '@kvorum/core/raft/message.js';
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import { APPEND_THREAD, APPLY_THREAD } from '@kvorum/core/raft/types.js';
import type { Outbox } from './outbox.js';
import type { Standing } from './standing.js';

/** Who takes them. */
export interface MessageRouterDeps {
  readonly raw: RawNode;
  readonly standing: Standing;
  readonly outbox: Pick<Outbox, 'send'>;
  /** Takes a MsgStorageAppend. */
  readonly append: (message: Message) => void;
  /** Takes a MsgStorageApply. */
  readonly apply: (message: Message) => void;
  /** Takes a MsgSnap: its data goes on a socket of its own. */
  readonly sendSnapshot: (message: Message) => void;
  /** Leadership is being offered to another node. */
  readonly onOffered: () => void;
}

/** One per replica. */
export class MessageRouter {
  private readonly deps: MessageRouterDeps;

  constructor(deps: MessageRouterDeps) {
    this.deps = deps;
  }

  /** A message out of a Ready. */
  route(message: Message): void {
    if (message.to === APPEND_THREAD) {
      this.deps.append(message);
      return;
    }
    if (message.to === APPLY_THREAD) {
      this.deps.apply(message);
      return;
    }
    this.deliver(message);
  }

  /** A message for a core, this one's or another's: also the responses of finished work. */
  deliver(message: Message): void {
    const { raw, standing, outbox } = this.deps;
    if (standing.isSilent) return;
    if (message.type === 'MsgTimeoutNow') this.deps.onOffered();
    if (isLocalDelivery(message)) {
      raw.step(message);
      return;
    }
    if (message.type === 'MsgSnap') {
      this.deps.sendSnapshot(message);
      return;
    }
    const isSent = outbox.send(message.to, message);
    if (!isSent && message.type === 'MsgApp') raw.reportUnreachable(message.to);
  }
}
