// The apply path of a shard put together as a node does it: state machine, flusher and LMDB store.
import { createStateMachine } from '../../packages/core/dist/kv/state-machine.js';
import { createRealEnv } from '../../packages/server/dist/env/real-env.js';
import { silentLog } from '../../packages/server/dist/env/silent-log.js';
import { FlushGate } from '../../packages/server/dist/storage/flush-gate.js';
import { Flusher } from '../../packages/server/dist/storage/flusher.js';
import { openLmdbStore } from '../../packages/server/dist/storage/lmdb-revision-store.js';

/** Entries between two turns of the event loop, in which a flush can go on: what a loaded leader's turn holds. */
const ENTRIES_PER_TURN = 4;

/** A state machine over a new store in `folder`, with its flusher. */
export async function openApplyPath(folder) {
  const store = await openLmdbStore(folder);
  const machine = createStateMachine({ store });
  const { clock } = createRealEnv({ log: silentLog });
  const onFailed = (error) => {
    throw error;
  };
  const flusher = new Flusher({ clock, gate: new FlushGate(), source: machine, store, onFlushed: () => {}, onFailed });
  return {
    /** Applies entries and flushes behind them; at the end everything is durable, so no cost is left out. */
    async apply(entries) {
      let count = 0;
      for (const entry of entries) {
        if (machine.isFull) await flusher.flush();
        machine.apply(entry, machine.appliedIndex + 1, 1);
        flusher.noteApplied();
        count += 1;
        if (count % ENTRIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await flusher.flush();
    },
    async close() {
      await flusher.stop();
      await store.close();
    },
  };
}
