/** Detaches a message from the receive buffer it was decoded from (N13): all entry data moves into one allocation. */
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { Message } from '@kvorum/core/raft/message.js';

/** A message whose bytes belong to the caller. Messages without bytes are given back as they are. */
export function copyMessage(message: Message): Message {
  if (message.entries.length === 0) return message;
  let bytes = 0;
  for (const entry of message.entries) bytes += entry.data.length;
  const arena = new Uint8Array(bytes);
  let at = 0;
  const entries = message.entries.map((entry): Entry => {
    arena.set(entry.data, at);
    const data = arena.subarray(at, at + entry.data.length);
    at += entry.data.length;
    return { term: entry.term, index: entry.index, type: entry.type, data };
  });
  return { ...message, entries };
}
