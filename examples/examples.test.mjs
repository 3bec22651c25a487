// Runs each example as a user would, in a process of its own, and compares everything it prints.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../scripts/lib/run.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

function runExample(name, ...args) {
  return run(process.execPath, [join(folder, name, 'main.mjs'), ...args]);
}

/** Ports that were free a moment ago: all are held until the last one is known, so they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => String(server.address().port));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

test('one node: what it prints, and that its data outlive it', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kvorum-example-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  for (const times of ['1 time', '2 times']) {
    const { code, output } = await runExample('one-node', dataDir);
    const expected = [
      'apple is red',
      `this program ran ${times} on this directory`,
      'fruit/apple = red',
      'fruit/banana = yellow',
      'banana is gone',
      '',
    ];
    assert.deepEqual({ code, lines: output.split('\n') }, { code: 0, lines: expected });
  }
});

test('three nodes in one program: what it prints', async () => {
  const { code, output } = await runExample('three-nodes-in-one-program', ...(await freePorts(3)));
  const expected = [
    '3 nodes are ready',
    'node 1 reads hello',
    'node 2 reads hello',
    'node 3 reads hello',
    'the leader has left',
    'a remaining node reads hello again',
    'a remaining node reads hello again',
    '',
  ];
  assert.deepEqual({ code, lines: output.split('\n') }, { code: 0, lines: expected });
});

test('every example is tested and told of', () => {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(names.map(({ name }) => name).sort(), ['one-node', 'three-nodes-in-one-program']);
});
