import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IncarnationRegistry } from './incarnation-registry.js';
import { seal, SealedFileError } from './sealed-file.js';

const own = '0000000000000001';
const second = '2222222222222222';
const third = '3333333333333333';
const owner = { nodeId: 1, incarnation: own, configuredNodes: [1, 2, 3] };

/** A file whose saves wait to be let go. */
function slowFile() {
  const saves: { content: Uint8Array; finish: () => void; fail: (error: Error) => void }[] = [];
  const save = (content: Uint8Array) =>
    new Promise<void>((finish, fail) => {
      saves.push({ content, finish, fail });
    });
  return { saves, save };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('R5: an incarnation counts only when it is synced, and one save takes all that came meanwhile', async () => {
  const { saves, save } = slowFile();
  const registry = new IncarnationRegistry(owner, save);
  assert.deepEqual(
    [1, 2, 3, 4].map((node) => registry.lookup(node)),
    [own, undefined, undefined, 'unknownNode'],
  );
  const first = registry.register(2, second);
  await turn();
  const others = [registry.register(2, second), registry.register(3, third), registry.confirm(2), registry.confirm(3)];
  await turn();
  assert.equal(saves.length, 1);
  assert.equal(registry.lookup(2), undefined);
  saves[0]?.finish();
  await first;
  assert.deepEqual([registry.lookup(2), registry.lookup(3), registry.isConfirmed(2)], [second, undefined, false]);
  await turn();
  assert.equal(saves.length, 2);
  assert.equal(registry.isComplete(), false);
  saves[1]?.finish();
  await Promise.all(others);
  assert.equal(registry.isComplete(), true);
  assert.equal(saves.length, 2);
  const again = new IncarnationRegistry(owner, save, saves[1]?.content);
  assert.deepEqual([again.lookup(2), again.lookup(3), again.isComplete()], [second, third, true]);
  await again.register(2, second);
  await again.confirm(2);
  assert.equal(saves.length, 2, 'nothing new, nothing written');
});

test('R17: after a failed save every later call fails, and nothing new counts', async () => {
  const { saves, save } = slowFile();
  const registry = new IncarnationRegistry(owner, save);
  const failed = registry.register(2, second);
  await turn();
  saves[0]?.fail(new Error('EIO'));
  await assert.rejects(failed, /EIO/);
  await assert.rejects(registry.register(3, third), /EIO/);
  await assert.rejects(registry.register(2, second), /EIO/);
  assert.equal(registry.lookup(2), undefined);
  assert.equal(saves.length, 1);
});

test('a broken use is an assertion failure', async () => {
  const registry = new IncarnationRegistry(owner, () => Promise.resolve());
  await assert.rejects(registry.register(1, own), /not configured/);
  await assert.rejects(registry.register(9, own), /not configured/);
  await assert.rejects(registry.register(2, 'short'), /16 hex/);
  await assert.rejects(registry.confirm(2), /not registered/);
  await registry.register(2, second);
  await assert.rejects(registry.register(2, third), /another incarnation/);
});

test('a node alone is complete; one that left the configuration keeps its line', async () => {
  assert.equal(new IncarnationRegistry({ ...owner, configuredNodes: [1] }, () => Promise.resolve()).isComplete(), true);
  const registry = new IncarnationRegistry(owner, () => Promise.resolve());
  await registry.register(3, third);
  const fewer = new IncarnationRegistry(
    { ...owner, configuredNodes: [1, 2] },
    () => Promise.resolve(),
    registry.encode(),
  );
  assert.equal(fewer.lookup(3), 'unknownNode');
  const back = new IncarnationRegistry(owner, () => Promise.resolve(), fewer.encode());
  assert.equal(back.lookup(3), third);
});

test('S2: a damaged registry is refused whatever byte is wrong', async () => {
  const registry = new IncarnationRegistry(owner, () => Promise.resolve());
  await registry.register(2, second);
  const good = registry.encode();
  const open = (bytes: Uint8Array) => new IncarnationRegistry(owner, () => Promise.resolve(), bytes);
  open(good);
  for (let at = 0; at < good.length; at += 1) {
    for (const flip of [1, 0x80]) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ flip;
      assert.throws(() => open(bad), SealedFileError);
    }
    assert.throws(() => open(good.slice(0, at)), SealedFileError);
  }
  const node = { nodeId: 2, incarnation: second, isConfirmed: true };
  const contents = [
    { format: 2, owner: own, nodes: [] },
    { format: 1, owner: second, nodes: [] },
    { format: 1, owner: own, nodes: {} },
    { format: 1, owner: own, nodes: [null] },
    { format: 1, owner: own, nodes: [node, node] },
    { format: 1, owner: own, nodes: [{ ...node, nodeId: 0 }] },
    { format: 1, owner: own, nodes: [{ ...node, isConfirmed: 1 }] },
  ];
  for (const content of contents) assert.throws(() => open(seal(content)), SealedFileError);
});
