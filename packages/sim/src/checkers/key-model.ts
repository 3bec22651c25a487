/** One key as the general linearizability checker sees it: absent or of a value, changed by writes and deletes with or without a condition. */
import type { Model } from '../linearizability/model.js';

/** A value by its number; no two writes write the same one. */
export type ValueNumber = number;

/** The number of no value at all. */
export const ABSENT: ValueNumber = 0;

export type KeyInput =
  | { readonly kind: 'read' }
  /** Sets a value, or `ABSENT`, if the key holds what it has to (anything, when that is left open). */
  | { readonly kind: 'set'; readonly to: ValueNumber; readonly ifValue: ValueNumber | undefined };

export type KeyOutput =
  | { readonly kind: 'saw'; readonly value: ValueNumber }
  | { readonly kind: 'done' }
  /** A delete that found nothing. */
  | { readonly kind: 'nothing' }
  /** The condition did not hold; what the key held instead, where that is known. */
  | { readonly kind: 'refused'; readonly found: ValueNumber | undefined };

export const keyModel: Model<ValueNumber, KeyInput, KeyOutput> = {
  initial: ABSENT,
  step(state, input, output) {
    if (input.kind === 'read') return output === undefined || isSeen(state, output) ? state : undefined;
    const isMet = input.ifValue === undefined || input.ifValue === state;
    if (output === undefined) return isMet ? input.to : state;
    switch (output.kind) {
      case 'done': {
        const isDelete = input.to === ABSENT;
        return isMet && !(isDelete && state === ABSENT) ? input.to : undefined;
      }
      case 'nothing':
        return state === ABSENT ? state : undefined;
      case 'refused':
        return isMet || (output.found ?? state) !== state ? undefined : state;
      case 'saw':
        return undefined;
    }
  },
  keepsState: (input, output) => input.kind === 'read' || output.kind === 'refused' || output.kind === 'nothing',
  identify: String,
  identifyInput: (input) => JSON.stringify(input),
};

function isSeen(state: ValueNumber, output: KeyOutput): boolean {
  return output.kind === 'saw' && output.value === state;
}
