/** Reading one key. */
import { type Bytes, copyOf, keyBytes } from '../base/bytes.js';
import { newState } from '../calls/operation.js';
import { laneOf, type ReadOptions, readFields, timeoutOf } from './call-options.js';
import { type KeyValue, keyValueOf } from '../base/key-value.js';
import type { VerbDeps } from './verb-deps.js';

/** Rejects when an argument is wrong, as with everything else that fails. */
export function getKey(deps: VerbDeps, key: Bytes, options: ReadOptions): Promise<KeyValue | undefined> {
  return new Promise((resolve, reject) => {
    const read = readFields(options);
    const bytes = keyBytes(key);
    deps.dispatcher.submit(
      {
        kind: 'get',
        lane: laneOf(read),
        key: bytes,
        read,
        timeoutMs: timeoutOf(options, deps.timeoutMs),
        // The caller's own bytes may change after the call.
        resolve: (response) =>
          resolve(response === undefined ? undefined : keyValueOf(bytes === key ? copyOf(bytes) : bytes, response)),
        reject,
        ...newState(),
      },
      options.signal,
    );
  });
}
