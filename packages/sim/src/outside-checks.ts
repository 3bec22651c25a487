/** The checkers of what clients saw, run over the whole history in the end (R8). */
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { FinalState } from './checkers/acknowledged-writes.js';
import { checkLinearizability, type SearchedKeys } from './checkers/linearizability.js';
import { checkRevisionTimes } from './checkers/revision-times.js';
import { checkRevisionWitness } from './checkers/revision-witness.js';
import type { Violate } from './run-report.js';
import type { Operation } from './workload/history.js';

export function checkHistory(operations: readonly Operation[], violate: Violate): SearchedKeys {
  for (const { id, answer } of operations) {
    const isBug = answer.kind === 'refused' && answer.code.startsWith('BUG');
    if (isBug) violate('typed errors', `operation ${id}: ${answer.code}`);
  }
  checkRevisionTimes(operations, (message) => violate('revision times', message));
  checkRevisionWitness(operations, (message) => violate('revision witness', message));
  return checkLinearizability(operations, (message) => violate('linearizability', message));
}

/** What a replica's state machine holds, in the words of the history. */
export function finalStateOf(machine: StateMachine): FinalState {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return {
    revision: machine.currentRevision,
    compactRevision: machine.compactRevision,
    get(key, revision) {
      const row = machine.get(encoder.encode(key), revision);
      return row === undefined ? undefined : { value: decoder.decode(row.value), modRevision: row.modRevision };
    },
  };
}
