import assert from 'node:assert/strict';
import test from 'node:test';
import { encodePut } from './command.js';
import { buildBatch } from './entry-codec.js';
import type { RecordStore } from './ports.js';
import { revisionKeyMain } from './revision.js';
import { createStateMachine } from './state-machine.js';

const VERSIONS = 40_000;

test('N11: any version of a key written 40,000 times is found in few steps, also where most have left the ring', () => {
  const stored = new Map<number, Uint8Array>();
  let reads = 0;
  const store: RecordStore = {
    get: (main) => {
      reads += 1;
      return stored.get(main);
    },
    scan: () => undefined,
  };
  const machine = createStateMachine({ store }, { ringBytesMax: 2 << 20 });
  const put = encodePut(Buffer.from('hot'), new Uint8Array(20));
  const entry = buildBatch(
    { shardTimeMs: 0, wallClockMs: 0 },
    Array.from({ length: 500 }, () => put),
  );
  for (let n = 0; n < VERSIONS / 500; n += 1) {
    machine.apply(entry, n + 1, 1);
    const cut = machine.cutFlush();
    for (const { key, record } of cut.records()) stored.set(revisionKeyMain(key), new Uint8Array(record));
    machine.flushDone(cut);
  }
  assert.ok(machine.oldestRevisionInMemory > VERSIONS / 2);
  let most = 0;
  for (let revision = 2; revision <= VERSIONS + 1; revision += 61) {
    reads = 0;
    assert.equal(machine.get(Buffer.from('hot'), revision)?.version, revision - 1);
    most = Math.max(most, reads);
  }
  assert.ok(most <= 40, `${most} reads`);
});
