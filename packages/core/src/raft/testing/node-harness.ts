/**
 * Small helpers to drive a core by hand in tests.
 */
import { MemoryLogStorage } from '../memory-log-storage.js';
import { type Message, type MessageType, newMessage } from '../message.js';
import type { RaftConfig } from '../config.js';
import { hardStateOf, RawNode } from '../raw-node.js';
import { confStateOf } from '../snapshot.js';
import { APPEND_THREAD, APPLY_THREAD } from '../types.js';

/** A core with storage threads whose work waits until it is told to be done. */
export interface Harness {
  readonly node: RawNode;
  readonly storage: MemoryLogStorage;
  /** Takes all Readys: messages to peers are returned, append work is kept back, apply work is done at once. */
  take(): Message[];
  /** Does the append work that was kept back. */
  sync(): void;
}

/** A replica of id 1 among `voters`, pre-vote off. */
export function startHarness(voters: readonly number[], options: Partial<RaftConfig> = {}): Harness {
  const storage = new MemoryLogStorage(confStateOf(voters));
  const node = new RawNode({
    id: 1,
    electionTicks: 10,
    heartbeatTicks: 1,
    storage,
    random: () => 0.5,
    asyncStorageWrites: true,
    preVote: false,
    ...options,
  });
  let kept: Message[] = [];
  const take = (): Message[] => {
    const sent: Message[] = [];
    while (node.hasReady) {
      for (const message of node.ready().messages) {
        if (message.to === APPEND_THREAD) kept.push(message);
        else if (message.to === APPLY_THREAD) for (const response of message.responses) node.step(response);
        else sent.push(message);
      }
    }
    return sent;
  };
  const sync = (): void => {
    const work = kept;
    kept = [];
    for (const message of work) {
      const hardState = hardStateOf(message);
      if (hardState !== null) storage.setHardState(hardState);
      storage.append(message.entries);
      for (const response of message.responses) if (response.to === 1) node.step(response);
    }
  };
  return { node, storage, take, sync };
}

/** A message to node 1 with the given fields. */
export function messageFrom(from: number, type: MessageType, fields: Partial<Message>): Message {
  return { ...newMessage(type, 1, from), ...fields };
}

/** Makes node 1 leader in term 1 with its first entry synced; nothing is acknowledged by others. */
export function elect(harness: Harness, ...voters: readonly number[]): void {
  harness.node.campaign();
  harness.take();
  harness.sync();
  for (const voter of voters) harness.node.step(messageFrom(voter, 'MsgVoteResp', { term: 1 }));
}
