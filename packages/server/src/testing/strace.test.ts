/** What the system sees of a put: written to the log, synced, and only then answered. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const TRACER = 'strace';
const canTrace = spawnSync(TRACER, ['-e', 'trace=none', 'true']).status === 0;
const child = fileURLToPath(new URL('./serve-child.js', import.meta.url));
const CALLS = 'trace=read,recvfrom,pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg';
const PUTS = 30;

const options = { skip: canTrace ? false : `${TRACER} is not here`, timeout: 60_000 };

test('R10: the system sees a finished sync of the log between each write to it and its answer', options, async () => {
  assert.deepEqual(await putsOutOfOrder([]), []);
});

test('R7: the system sees that ack-before-sync answers too early', options, async () => {
  assert.notDeepEqual(await putsOutOfOrder(['ack-before-sync']), []);
});

/** Puts that were not written, synced and answered in this order, with their steps. */
async function putsOutOfOrder(args: readonly string[]): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'kvorum-trace-'));
  try {
    const trace = join(root, 'trace');
    const node = [process.execPath, child, join(root, 'data'), ...args];
    await putAll(['-f', '-y', '-s', '1024', '-e', CALLS, '-o', trace, ...node]);
    const steps = stepsOf(await readFile(trace, 'utf8'));
    return Array.from({ length: PUTS }, (_, at) => outOfOrder(steps, at + 1)).flatMap((wrong) => wrong ?? []);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function outOfOrder(steps: readonly string[], put: number): string | undefined {
  const arrived = steps.indexOf(`arrived ${put}`);
  const written = steps.indexOf(`written ${put}`, arrived);
  const synced = steps.indexOf('synced', written);
  const answered = steps.indexOf('answered', arrived);
  const isInOrder = arrived >= 0 && arrived < written && written < synced && synced < answered;
  return isInOrder ? undefined : `put ${put}: ${steps.slice(arrived, answered + 1).join(', ')}`;
}

/** One put after the other on a node under the tracer. */
async function putAll(args: readonly string[]): Promise<void> {
  const traced = spawn(TRACER, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => traced.once('exit', resolve));
  try {
    const [address] = await Promise.race([firstLine(traced.stdout), exited.then(() => [])]);
    assert.ok(address !== undefined, 'the node did not start');
    for (let put = 1; put <= PUTS; put += 1) {
      const answer = await fetch(`http://${address}/kv/key-${put}`, { method: 'PUT', body: `value-of-${put}.` });
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
  } finally {
    traced.stdin.end();
  }
  assert.equal(await exited, 0);
}

function firstLine(output: NodeJS.ReadableStream): Promise<string[]> {
  return new Promise((resolve) => createInterface(output).once('line', (line) => resolve([line])));
}

/** The steps that matter: a write or answer when it begins, a sync when it has returned 0. */
function stepsOf(trace: string): string[] {
  const steps: string[] = [];
  /** Threads inside a sync of the log. */
  const syncing = new Set<string>();
  for (const line of trace.split('\n')) {
    const thread = /^\d+/.exec(line)?.[0] ?? '';
    const arrived = /PUT \/kv\/key-(\d+) /.exec(line);
    if (arrived !== null) steps.push(`arrived ${arrived[1]}`);
    const written = /pwrite64\(\d+<[^>]*\.wal>.*value-of-(\d+)\./.exec(line);
    if (written !== null) steps.push(`written ${written[1]}`);
    if (/ (write|writev|sendto|sendmsg)\(.*"HTTP\/1\.1 200/.test(line)) steps.push('answered');
    const sync = /fdatasync\(\d+<[^>]*\.wal>(.*)$/.exec(line);
    if (sync?.[1]?.includes('unfinished')) syncing.add(thread);
    const isResumed = line.includes('fdatasync resumed') && syncing.delete(thread);
    if ((isResumed || sync !== null) && line.endsWith('= 0')) steps.push('synced');
  }
  return steps;
}
