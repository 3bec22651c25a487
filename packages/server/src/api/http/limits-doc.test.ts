import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SESSION_IDLE_MS, SESSION_WINDOW, SESSIONS_MAX } from '@kvorum/core/kv/session-codec.js';
import { keyBytesMax, requestBytesMax } from '@kvorum/protocol';
import { optionTable } from '../../options/option-table.js';
import { batchOperationsMax } from '../../service/request-checks.js';
import { backupsMax, listPinMsMax } from '../../service/shard-kv-service.js';
import * as watchLimits from '../../service/watch/limits.js';
import { SNAPSHOT_SEND_MS_MAX } from '../../storage/snapshot-encoder.js';
import * as limits from './limits.js';
import { httpOptionRanges } from './options.js';

const doc = readFileSync(new URL('../../../../../docs/limits.md', import.meta.url), 'utf8');

/** First cells of the rows of all tables whose first heading is this, as text. */
function rows(heading: string, cells: number): string[] {
  return doc
    .split('\n\n')
    .filter((block) => block.startsWith(`| ${heading} |`))
    .flatMap((block) => block.trim().split('\n').slice(2))
    .map((line) => line.split(' | ').slice(0, cells).join(' | '));
}

test('S9: docs/limits.md tells each fixed limit as the code has it', () => {
  const all: Record<string, number> = {
    ...limits,
    ...watchLimits,
    keyBytesMax,
    requestBytesMax,
    listPinMsMax,
    backupsMax,
    SNAPSHOT_SEND_MS_MAX,
    batchOperationsMax,
    SESSIONS_MAX,
    SESSION_WINDOW,
    SESSION_IDLE_MS,
  };
  const wanted = Object.entries(all).map(([name, value]) => `| \`${name}\` | ${value}`);
  assert.deepEqual(rows('name', 2).sort(), wanted.sort());
});

test('S4: docs/limits.md tells default and range of each option of the HTTP face', () => {
  const wanted = Object.entries(httpOptionRanges).map(
    ([name, { standard, min, max }]) => `| \`${name}\` | ${standard} | ${min} to ${max}`,
  );
  assert.deepEqual(rows('option of the HTTP face', 3), wanted);
});

test('S4: docs/limits.md tells default and range of each numeric option of a node', () => {
  const numeric = Object.entries(optionTable).filter(([, row]) => row.kind.range !== undefined);
  const listed = rows('option', 3);
  assert.equal(listed.length, numeric.length);
  for (const [index, [name, row]] of numeric.entries()) {
    const [shownName, standard, range] = (listed[index] ?? '').replace('| ', '').split(' | ');
    assert.equal(shownName, `\`${name}\``);
    assert.equal(row.kind.read(standard)?.value, row.default, name);
    const kind = row.kind.name === 'fraction' ? 'a number' : 'an integer';
    assert.ok(row.kind.allowed.startsWith(`${kind} from ${range}`), name);
  }
});
