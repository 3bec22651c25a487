/** What the acceptance suite can't see: that a resolved commit is on the platter, and what a dead process leaves. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLmdbStore } from './lmdb-revision-store.js';
import { metaOf, revisionsOf } from './testing/revision-store-suite.js';

const child = fileURLToPath(new URL('./testing/commit-child.js', import.meta.url));

async function withDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-durable-'));
  try {
    await run(path);
  } finally {
    await rm(path, { recursive: true });
  }
}

const TRACER = 'strace';
const canTrace = spawnSync(TRACER, ['-e', 'trace=none', 'true']).status === 0;

test(
  'R9: a commit resolves after fdatasync of its pages and the synced write of its meta page',
  { skip: canTrace ? false : `${TRACER} is not here` },
  () =>
    withDirectory(async (path) => {
      const commits = 5;
      const trace = `${path}/trace`;
      const calls = 'trace=openat,write,writev,pwrite64,pwritev,fdatasync';
      const run = spawnSync(TRACER, ['-f', '-e', calls, '-o', trace, process.execPath, child, path, String(commits)]);
      assert.equal(run.status, 0, String(run.stderr));
      const steps = stepsOf(await readFile(trace, 'utf8'));
      const expected = Array.from({ length: commits }, () => ['called', 'sync', 'syncedWrite', 'resolved']).flat();
      const first = steps.indexOf('called');
      assert.deepEqual(steps.slice(first, steps.lastIndexOf('resolved') + 1), expected);
    }),
);

/** The steps that matter, in the order in which they were finished (sync, synced write) or told (called, resolved). */
function stepsOf(trace: string): string[] {
  let syncedFile: string | undefined;
  const steps: string[] = [];
  for (const line of trace.split('\n')) {
    const opened = /openat\(.*data\.mdb", O_WRONLY\|O_DSYNC.*= (\d+)$/.exec(line);
    if (opened !== null) syncedFile = opened[1];
    if (/fdatasync(\(\d+\)| resumed>\)) += 0$/.test(line)) steps.push('sync');
    if (new RegExp(`pwrite64\\(${syncedFile},.*= \\d+$`).test(line)) steps.push('syncedWrite');
    const told = /write\(1, "(called|resolved) /.exec(line);
    if (told?.[1] !== undefined) steps.push(told[1]);
  }
  return steps;
}

test('R9: a process killed at any moment leaves every resolved commit, and each one whole', () =>
  withDirectory(async (path) => {
    let last = 0;
    for (const afterCommits of [1, 7, 40]) {
      await rm(`${path}/data.mdb`, { force: true });
      const resolved = await killAfter(path, afterCommits);
      const store = await openLmdbStore(path);
      const revisions = revisionsOf(store);
      last = revisions.length / 2;
      assert.ok(last >= resolved, `${last} commits are there, ${resolved} were resolved`);
      assert.deepEqual(revisions, Array.from({ length: last }, (_, at) => [`${at + 1}.0`, `${at + 1}.1`]).flat());
      assert.deepEqual(store.readMeta(), metaOf(last));
      await store.close();
    }
  }));

/** Kills the child as soon as it tells of this many resolved commits; answers how many it told of in the end. */
async function killAfter(path: string, commits: number): Promise<number> {
  const process_ = spawn(process.execPath, [child, path, '100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  process_.stdout.on('data', (data: Buffer) => {
    told += data.toString();
    if (told.includes(`resolved ${commits}\n`)) process_.kill('SIGKILL');
  });
  await new Promise((resolve) => process_.once('close', resolve));
  return Number(/resolved (\d+)\n(called \d+\n)?$/.exec(told)?.[1] ?? 0);
}
