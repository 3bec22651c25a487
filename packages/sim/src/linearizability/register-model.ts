// A register with read, write and compare-and-set. Values are texts that differ when the values differ.
import type { Model } from './model.js';

/** What can be asked of a register. */
export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: string }
  | { readonly kind: 'cas'; readonly from: string; readonly to: string };

/** The value read; `true` of a write; whether a compare-and-set found the value it asked for. */
export type RegisterOutput = string | boolean;

/** A register that holds `initial` at first. */
export function registerModel(initial: string): Model<string, RegisterInput, RegisterOutput> {
  return {
    initial,
    step(state, input, output) {
      switch (input.kind) {
        case 'read':
          return output === undefined || output === state ? state : undefined;
        case 'write':
          return input.value;
        case 'cas': {
          const isSwapped = input.from === state;
          if (output !== undefined && output !== isSwapped) return undefined;
          return isSwapped ? input.to : state;
        }
      }
    },
    keepsState: (input, output) => input.kind === 'read' || (input.kind === 'cas' && output === false),
    identify: (state) => state,
    identifyInput: (input) => JSON.stringify(input),
  };
}
