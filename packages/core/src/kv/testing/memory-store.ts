/**
 * A revision store in plain maps, for tests: commits flush cuts, hands out views that die with the next call, as the real one may.
 */
import type { FlushCut } from '../flush-cut.js';
import { decodeMeta, INITIAL_META, type ShardMeta } from '../meta.js';
import type { RecordStore, RecordVisitor } from '../ports.js';
import { Rebuild } from '../rebuild.js';
import { encodeRevisionKey, revisionKeyMain, revisionKeySub } from '../revision.js';
import type { StateMachine, StateMachineOptions } from '../state-machine.js';

export class MemoryStore implements RecordStore {
  meta: ShardMeta = INITIAL_META;
  readonly records = new Map<string, Uint8Array>();
  #view = new Uint8Array(0);

  /** A copy as of now. */
  fork(): MemoryStore {
    const copy = new MemoryStore();
    copy.meta = this.meta;
    for (const [key, record] of this.records) copy.records.set(key, record);
    return copy;
  }

  commit(cut: FlushCut): void {
    for (const { key, record } of cut.records()) this.records.set(hex(key), record.slice());
    for (const key of cut.deletes) this.records.delete(hex(key));
    this.meta = decodeMeta(cut.meta);
  }

  get(main: number, sub: number): Uint8Array | undefined {
    const record = this.records.get(hex(encodeRevisionKey(main, sub)));
    return record === undefined ? undefined : this.#show(record);
  }

  scan(main: number, sub: number, visit: RecordVisitor): void {
    const from = hex(encodeRevisionKey(main, sub));
    for (const key of [...this.records.keys()].sort()) {
      if (key < from) continue;
      const revision = Buffer.from(key, 'hex');
      if (
        !visit(
          revisionKeyMain(revision),
          revisionKeySub(revision),
          this.#show(this.records.get(key) ?? new Uint8Array(0)),
        )
      )
        return;
    }
  }

  /** Starts a state machine from what is committed. */
  open(options: StateMachineOptions = {}): StateMachine {
    const rebuild = new Rebuild({ store: this }, this.meta, options);
    this.scan(0, 0, (main, sub, record) => {
      rebuild.add(main, sub, record);
      return true;
    });
    return rebuild.finish();
  }

  /** A view that the next call spoils. */
  #show(record: Uint8Array): Uint8Array {
    this.#view.fill(0xee);
    this.#view = new Uint8Array(record);
    return this.#view;
  }
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
