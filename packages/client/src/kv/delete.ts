/** Deleting one key. */
import { type Bytes, keyBytes } from '../base/bytes.js';
import { newState } from '../calls/operation.js';
import { Lane } from '../servers/endpoint.js';
import { timeoutOf, type WriteOptions, writeFields } from './call-options.js';
import type { VerbDeps } from './verb-deps.js';

export interface DeleteResult {
  /** The revision of the deletion; the newest one when nothing was deleted. */
  readonly revision: number;
  /** The key did exist. */
  readonly deleted: boolean;
}

/** Rejects when an argument is wrong, as with everything else that fails. */
export function deleteKey(deps: VerbDeps, key: Bytes, options: WriteOptions): Promise<DeleteResult> {
  return new Promise((resolve, reject) => {
    deps.dispatcher.submit(
      {
        kind: 'delete',
        lane: Lane.write,
        key: keyBytes(key),
        write: writeFields(options),
        timeoutMs: timeoutOf(options, deps.timeoutMs),
        resolve: ({ revision, deleted }) => resolve({ revision, deleted: deleted > 0 }),
        reject,
        ...newState(),
      },
      options.signal,
    );
  });
}
