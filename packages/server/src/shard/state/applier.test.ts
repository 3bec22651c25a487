import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import { Applier } from './applier.js';
import { MemoryShardStores } from '../../storage/memory-shard-stores.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { rebuildMachine } from '../recovery/rebuild-machine.js';

async function setup() {
  const { store } = await new MemoryShardStores().open(1);
  const machine: StateMachine = await rebuildMachine(store, new ManualClock(), {}, new Uint8Array(0));
  const delivered: Message[] = [];
  const changed: number[] = [];
  const applier = new Applier({
    machine: () => machine,
    changeConf: (entry) => Uint8Array.of(changed.push(entry.index)),
    onApplied: () => undefined,
    deliver: (message) => delivered.push(message),
    nowMs: () => 0,
  });
  const work = newMessage('MsgStorageApply', -2, 1);
  const data = new Uint8Array(0);
  work.entries = [1, 2].map((index) => ({ index, term: 1, type: 'confChangeV2', data }));
  work.responses = [newMessage('MsgStorageApplyResp', 1, -2)];
  applier.add(work);
  return { applier, machine, changed, delivered };
}

test('configuration entries are applied in order, and the core hears when all are', async () => {
  const { applier, machine, changed, delivered } = await setup();
  assert.equal(applier.run(1), 'done');
  assert.deepEqual([changed, machine.appliedIndex, delivered.length], [[1, 2], 2, 1]);
  assert.deepEqual([...machine.meta.confState], [2]);
});

test('R15: once a snapshot is accepted no older configuration entry touches the membership that came with it', async () => {
  const { applier, machine, changed, delivered } = await setup();
  applier.abandon();
  assert.deepEqual([applier.run(1), changed, machine.appliedIndex], ['done', [], 0]);
  assert.equal(delivered.length, 1, 'the core must not wait for work that is void');
});
