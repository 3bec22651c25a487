/**
 * Entries, messages and snapshots as text.
 */
import { decodeConfChange } from '../confchange/codec.js';
import { asV2 } from '../confchange/conf-change.js';
import type { Entry, EntryType } from '../entry.js';
import type { Message } from '../message.js';
import type { Snapshot } from '../snapshot.js';
import { describeId } from './ids.js';
import { describeChanges, describeConfState } from './membership.js';
import { quoteBytes } from './quote.js';

const ENTRY_NAMES: Readonly<Record<EntryType, string>> = {
  normal: 'EntryNormal',
  confChange: 'EntryConfChange',
  confChangeV2: 'EntryConfChangeV2',
};

/** `term/index EntryNormal "data"`, or the changes of a configuration change. */
export function describeEntry(entry: Entry): string {
  const content =
    entry.type === 'normal' ? quoteBytes(entry.data) : describeChanges(asV2(decodeConfChange(entry.data)).changes);
  const head = `${entry.term}/${entry.index} ${ENTRY_NAMES[entry.type]}`;
  return content === '' ? head : `${head} ${content}`;
}

/** One line per entry. */
export function describeEntries(entries: readonly Entry[]): string {
  return entries.map((entry) => `${describeEntry(entry)}\n`).join('');
}

/** `Index:4 Term:1 ConfState:…`. */
export function describeSnapshot(snapshot: Snapshot): string {
  return `Index:${snapshot.index} Term:${snapshot.term} ConfState:${describeConfState(snapshot.confState)}`;
}

/** `1->2 MsgApp Term:1 Log:1/3 …`, without a line feed at the end; lists of several go over several lines. */
export function describeMessage(message: Message, indent = ''): string {
  const { type, term, logTerm, index, entries, snapshot, responses } = message;
  let text = `${indent}${describeId(message.from)}->${describeId(message.to)} ${type} Term:${term} Log:${logTerm}/${index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== 0) text += ` Vote:${message.vote}`;
  text += describeRead(message);
  const [first] = entries;
  if (first !== undefined && entries.length === 1) text += ` Entries:[${describeEntry(first)}]`;
  else if (first !== undefined) {
    const lines = entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`);
    text += ` Entries:[${lines.join('')}\n${indent}]`;
  }
  if (snapshot !== null && snapshot.index !== 0) text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`;
  if (responses.length === 0) return text;
  const nested = responses.map((response) => `\n${describeMessage(response, `${indent}  `)}`);
  return `${text} Responses:[${nested.join('')}\n${indent}]`;
}

/** What belongs to a linearizable read: its context, or the round that a heartbeat asks about. */
function describeRead({ type, context, readToken }: Message): string {
  if (type === 'MsgReadIndex' || type === 'MsgReadIndexResp') return ` Context:${context}`;
  return readToken === 0 ? '' : ` Round:${readToken}`;
}
