import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSeedsFile } from './seeds-file.js';

function read(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-seeds-'));
  try {
    const path = join(folder, 'seeds.txt');
    writeFileSync(path, text);
    return readSeedsFile(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a line is a seed, its knobs and the cause', () => {
  assert.deepEqual(read('# why\n8 {"nodes":3} a vote was lost\n\n9 {} nothing pinned\n'), [
    { seed: 8, fixed: { nodes: 3 }, cause: 'a vote was lost' },
    { seed: 9, fixed: {}, cause: 'nothing pinned' },
  ]);
});

test('a wrong line is refused with its place', () => {
  assert.throws(
    () => read('8 {"nodes":3} ok\n9 no knobs'),
    /seeds\.txt:2: .* allowed: a seed, knobs as JSON, the cause/,
  );
  assert.throws(() => read('8 {"nod":3} ok'), /seeds\.txt:1: "nod" is not allowed/);
  assert.throws(
    () => read('4294967296 {} ok'),
    /seeds\.txt:1 seed: 4294967296 is not allowed; allowed: an integer from 0/,
  );
  assert.throws(() => read('# none yet\n'), /--seeds-file: .* allowed: a file with at least one seed/);
  assert.throws(() => readSeedsFile('/nowhere/seeds.txt'), /--seeds-file: .* allowed: a file that can be read/);
});
