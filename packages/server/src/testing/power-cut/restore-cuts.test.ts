/** A restore that is cut at each failpoint it passes leaves a whole data directory or none, and can be made again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failpoint } from '../../env/failpoints.js';
import { silentLog } from '../../env/silent-log.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { MemoryDisk } from '../../env/testing/memory-disk.js';
import { MemoryNetwork } from '../../env/testing/memory-network.js';
import { createSeededRandom } from '../../env/testing/seeded-random.js';
import { type KvorumNode, startNode } from '../../node.js';
import type { GetResult } from '../../service/kv-service.js';
import { restoreBackup } from '../../restore.js';
import { DataDirectoryError } from '../../storage/data-directory.js';
import { MemoryStoreDisk } from '../../storage/memory-revision-store.js';
import { cutNodeOptions, ticks } from './cut-world.js';
import { ProcessEnv } from './process-env.js';

const keys = 20;
const revisions = 60;

/** What a power cut leaves of a machine. */
interface Rest {
  readonly disk: MemoryDisk;
  readonly stores: MemoryStoreDisk;
}

class Scene {
  readonly clock = new ManualClock();
  readonly random = createSeededRandom(1);
  readonly #world;

  constructor() {
    this.#world = { clock: this.clock, random: this.random, network: new MemoryNetwork(this.clock), log: silentLog };
  }

  env(disk: MemoryDisk, onHit: (name: Failpoint) => void = () => undefined): ProcessEnv {
    return new ProcessEnv(this.#world, 'node', disk, onHit);
  }

  /** The value of a promise that needs time and turns; undefined when it does not come. */
  async drive<T>(promise: Promise<T>): Promise<T | undefined> {
    let settled: { readonly value: T } | { readonly error: unknown } | undefined;
    promise.then(
      (value) => (settled = { value }),
      (error: unknown) => (settled = { error }),
    );
    for (let i = 0; i < 300 && settled === undefined; i += 1) {
      this.clock.advance(5);
      await ticks(200);
    }
    if (settled !== undefined && 'error' in settled) throw settled.error;
    return settled?.value;
  }

  start({ disk, stores }: Rest): Promise<KvorumNode | undefined> {
    return this.drive(startNode(cutNodeOptions, { env: this.env(disk), storeKind: stores }));
  }
}

async function backupOf(scene: Scene): Promise<Uint8Array[]> {
  const node = await scene.start({ disk: new MemoryDisk(), stores: new MemoryStoreDisk() });
  assert.ok(node !== undefined);
  for (let i = 0; i < revisions; i += 1) await scene.drive(node.put(`key-${i % keys}`, `value-${i}`));
  const chunks: Uint8Array[] = [];
  const read = async () => {
    for await (const chunk of (await node.kv.backup()).chunks) chunks.push(chunk);
    return true;
  };
  assert.ok(await scene.drive(read()));
  await scene.drive(node.close());
  return chunks;
}

/** Restores on a fresh machine that is cut when it has passed so many points. Undefined when it came to its end. */
async function restoreAndCut(
  scene: Scene,
  chunks: readonly Uint8Array[],
  passed: number,
): Promise<[Rest, Failpoint] | undefined> {
  const disk = new MemoryDisk();
  const stores = new MemoryStoreDisk();
  let hits = 0;
  let cut: [Rest, Failpoint] | undefined;
  const env = scene.env(disk, (name) => {
    hits += 1;
    if (hits <= passed) return;
    cut = [{ disk: disk.cut(scene.random), stores: stores.cut(scene.random) }, name];
    env.kill();
  });
  const done = await scene.drive(restoreBackup(reading(chunks), cutNodeOptions, { env, storeKind: stores }));
  assert.equal(done === undefined, cut !== undefined);
  return cut;
}

const reading = (chunks: readonly Uint8Array[]) =>
  async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  };

test('R6, R9: a restore cut at each of its failpoints leaves all or none', async (t) => {
  const scene = new Scene();
  const chunks = await backupOf(scene);
  const outcomes = new Map<string, number>();
  const names = new Set<Failpoint>();
  for (let passed = 0; ; passed += 1) {
    const cut = await restoreAndCut(scene, chunks, passed);
    if (cut === undefined) break;
    const [rest, name] = cut;
    names.add(name);
    const outcome = await whatIsThere(scene, rest);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (name === 'restoreAfterCreate') assert.equal(outcome, 'all');
  }
  for (const name of ['restoreBeforeFill', 'restoreAfterFill', 'restoreAfterCreate'] as const)
    assert.ok(names.has(name));
  t.diagnostic(
    `${names.size} failpoints; ${[...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`,
  );
});

/** `none`: a node starts empty there. `refused`: it is no data directory; emptied, it takes a restore. `all`: a node serves all of the backup. */
async function whatIsThere(scene: Scene, rest: Rest): Promise<'all' | 'none' | 'refused'> {
  let node: KvorumNode | undefined;
  try {
    node = await scene.start(rest);
  } catch (error) {
    assert.ok(error instanceof DataDirectoryError && error.code === 'DATA_DIR_FOREIGN', String(error));
    return 'refused';
  }
  assert.ok(node !== undefined);
  const { count, revision } = (await scene.drive(node.kv.count())) ?? {};
  const outcome = count === 0 ? 'none' : 'all';
  if (outcome === 'all') {
    assert.deepEqual([count, revision], [keys, revisions + 1]);
    for (let i = 0; i < revisions; i += 1) {
      const found: GetResult | undefined = await scene.drive(node.get(`key-${i % keys}`, { revision: i + 2 }));
      assert.equal(new TextDecoder().decode(found?.kv?.value), `value-${i}`);
    }
  }
  await scene.drive(node.close());
  return outcome;
}
