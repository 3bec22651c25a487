// One key of a store with get, put and append; a key that was never written holds the empty text.
import type { Model } from './model.js';

/** What can be asked of a key. */
export interface KvInput {
  readonly kind: 'get' | 'put' | 'append';
  readonly key: string;
  /** Empty for a get. */
  readonly value: string;
}

/** The value that was read; anything for put and append. */
export type KvOutput = string;

/** The model of a single key: check histories of many keys partitioned, or through `keyedModel`. */
export const kvModel: Model<string, KvInput, KvOutput> = {
  initial: '',
  step(state, input, output) {
    switch (input.kind) {
      case 'get':
        return output === undefined || output === state ? state : undefined;
      case 'put':
        return input.value;
      case 'append':
        return state + input.value;
    }
  },
  keepsState: (input) => input.kind === 'get',
  identify: (state) => state,
  identifyInput: (input) => JSON.stringify([input.kind, input.key, input.value]),
};
