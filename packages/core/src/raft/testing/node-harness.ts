/**
 * Small helpers to drive a core by hand in tests.
 */
import { encodeUtf8 } from '../../base/utf8.js';
import type { Entry } from '../entry.js';
import { describeMessage } from '../format/message.js';
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
  /** Does the append work that was kept back; what was to be sent only after it is returned. */
  sync(): Message[];
  /** `take()`, `sync()`, and again until nothing is left, with all that leaves for peers as the scenario files print it. */
  settle(): string[];
}

/** What a replica starts from. */
export interface Stored {
  /** Terms of the entries 1, 2, … of its log. Entry n holds the text of its place and term. */
  readonly terms?: readonly number[];
  readonly term?: number;
  readonly vote?: number;
  readonly learners?: readonly number[];
}

/** A replica of id 1 among `voters`, pre-vote off, with what it has `stored`. */
export function startHarness(
  voters: readonly number[],
  options: Partial<RaftConfig> = {},
  stored: Stored = {},
): Harness {
  const storage = new MemoryLogStorage(confStateOf(voters, stored.learners));
  const { terms = [] } = stored;
  storage.append(entriesOf(1, terms));
  storage.setHardState({ term: stored.term ?? terms.at(-1) ?? 0, vote: stored.vote ?? 0, commit: 0 });
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
  const sync = (): Message[] => {
    const work = kept;
    kept = [];
    const sent: Message[] = [];
    for (const message of work) {
      const hardState = hardStateOf(message);
      if (hardState !== null) storage.setHardState(hardState);
      storage.append(message.entries);
      for (const response of message.responses) {
        if (response.to === 1) node.step(response);
        else sent.push(response);
      }
    }
    return sent;
  };
  const settle = (): string[] => {
    const sent: Message[] = [];
    do sent.push(...take(), ...sync());
    while (node.hasReady || kept.length > 0);
    return sent.map((message) => describeMessage(message));
  };
  return { node, storage, take, sync, settle };
}

/** Entries of the given terms from index `first` on. */
export function entriesOf(first: number, terms: readonly number[]): Entry[] {
  return terms.map((term, at) => ({
    term,
    index: first + at,
    type: 'normal',
    data: encodeUtf8(`${term}/${first + at}`),
  }));
}

/** Terms of the entries of a log, first to last. */
export function termsOf(storage: MemoryLogStorage): number[] {
  const entries = storage.entries(storage.firstIndex(), storage.lastIndex() + 1, Number.POSITIVE_INFINITY);
  return entries === 'compacted' ? [] : entries.map(({ term }) => term);
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
