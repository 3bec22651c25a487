/** Writing one key. */
import { type Bytes, keyBytes, valueBytes } from '../base/bytes.js';
import { newState } from '../calls/operation.js';
import { Lane } from '../servers/endpoint.js';
import { timeoutOf, type WriteOptions, writeFields } from './call-options.js';
import type { VerbDeps } from './verb-deps.js';

export interface SetResult {
  /** The write's revision, which is the key's modRevision now. */
  readonly revision: number;
  /** The revision at which the key was created; the write's own if it created it. */
  readonly createRevision: number;
  /** How often the key was written since it was created, this write included. */
  readonly version: number;
}

/** Rejects when an argument is wrong, as with everything else that fails. */
export function setKey(deps: VerbDeps, key: Bytes, value: Bytes, options: WriteOptions): Promise<SetResult> {
  return new Promise((resolve, reject) => {
    deps.dispatcher.submit(
      {
        kind: 'set',
        lane: Lane.write,
        key: keyBytes(key),
        value: valueBytes(value),
        write: writeFields(options),
        timeoutMs: timeoutOf(options, deps.timeoutMs),
        resolve: ({ revision, createRevision, version }) => resolve({ revision, createRevision, version }),
        reject,
        ...newState(),
      },
      options.signal,
    );
  });
}
