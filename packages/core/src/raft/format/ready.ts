/**
 * A Ready as text.
 */
import type { Ready } from '../ready.js';
import type { HardState } from '../types.js';
import { describeRole } from './ids.js';
import { describeEntries, describeMessage, describeSnapshot } from './message.js';

/** `Ready MustSync=true:` and a line for each thing in it, or `<empty Ready>` without a line feed. */
export function describeReady(ready: Ready): string {
  const { softState, hardState, readStates, entries, snapshot, committedEntries, messages } = ready;
  let text = '';
  if (softState !== null) text += `Lead:${softState.leaderId} State:${describeRole(softState.role)}\n`;
  if (hardState !== null) text += `HardState ${describeHardState(hardState)}\n`;
  if (readStates.length > 0) {
    text += `ReadStates [${readStates.map(({ index, context }) => `{${index} ${context}}`).join(' ')}]\n`;
  }
  if (entries.length > 0) text += `Entries:\n${describeEntries(entries)}`;
  if (snapshot !== null) text += `Snapshot ${describeSnapshot(snapshot)}\n`;
  if (committedEntries.length > 0) text += `CommittedEntries:\n${describeEntries(committedEntries)}`;
  if (messages.length > 0) text += `Messages:\n${messages.map((message) => `${describeMessage(message)}\n`).join('')}`;
  return text === '' ? '<empty Ready>' : `Ready MustSync=${ready.mustSync}:\n${text}`;
}

function describeHardState({ term, vote, commit }: HardState): string {
  return `Term:${term}${vote === 0 ? '' : ` Vote:${vote}`} Commit:${commit}`;
}
