import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPinoLog } from './pino-log.js';

function collect(level: 'debug' | 'info' | 'silent') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, log: createPinoLog({ level, destination, fields: { node: 3 } }) };
}

test('a line has level, time, bindings, fields and message, and is written at once', () => {
  const { lines, log } = collect('info');
  log.child({ shard: 1 }).warn('slow disk', { ms: 12.5, id: 2n ** 60n, isLeader: true, peer: undefined, last: null });
  assert.equal(lines.length, 1);
  const { time, ...rest } = lines[0] ?? {};
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(rest, {
    level: 'warn',
    node: 3,
    shard: 1,
    ms: 12.5,
    id: Number(2n ** 60n),
    isLeader: true,
    last: null,
    msg: 'slow disk',
  });
});

test('levels are respected, and isDebug says whether debug goes anywhere', () => {
  const info = collect('info');
  info.log.debug('no');
  info.log.info('yes');
  assert.equal(info.log.isDebug, false);
  assert.deepEqual(
    info.lines.map((line) => line['msg']),
    ['yes'],
  );
  assert.equal(collect('debug').log.isDebug, true);
  const silent = collect('silent');
  silent.log.error('nothing');
  assert.equal(silent.lines.length, 0);
});

test('flush reaches the destination', () => {
  let flushed = 0;
  const log = createPinoLog({ destination: { write() {}, flushSync: () => void (flushed += 1) } });
  log.flush();
  assert.equal(flushed, 1);
});
