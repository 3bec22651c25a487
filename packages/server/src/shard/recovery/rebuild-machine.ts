/** Makes a shard's state machine from its store: at the start of a node and after an installed snapshot. */
import { decodeMeta, INITIAL_META } from '@kvorum/core/kv/meta.js';
import { Rebuild } from '@kvorum/core/kv/rebuild.js';
import type { StateMachine, StateMachineOptions } from '@kvorum/core/kv/state-machine.js';
import type { Clock } from '../../env/env.js';
import type { RevisionStore } from '../../storage/revision-store.js';

/** Records that one slice of the scan handles: some 2 ms, so that a serving node stays responsive (N11). */
const sliceRecords = 1000;

/**
 * One pass over the store in revision order.
 *
 * @param firstConfState the encoded membership of a shard that was never flushed: a snapshot of it must not lose it
 * @throws CorruptError when the content hash does not match
 */
export async function rebuildMachine(
  store: RevisionStore,
  clock: Clock,
  options: StateMachineOptions,
  firstConfState: Uint8Array,
): Promise<StateMachine> {
  const metaBytes = store.readMeta();
  const meta = metaBytes === undefined ? { ...INITIAL_META, confState: firstConfState } : decodeMeta(metaBytes);
  const rebuild = new Rebuild({ store }, meta, options);
  let main = 0;
  let sub = 0;
  for (;;) {
    let count = 0;
    store.scan(main, sub, (rowMain, rowSub, record) => {
      rebuild.add(rowMain, rowSub, record);
      main = rowMain;
      sub = rowSub + 1;
      count += 1;
      return count < sliceRecords;
    });
    if (count < sliceRecords) return rebuild.finish();
    await new Promise<void>((resolve) => clock.defer(resolve));
  }
}
