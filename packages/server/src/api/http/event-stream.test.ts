import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import fc from 'fast-check';
import type { WatchBatch, WatchEvent } from '../../service/kv-service.js';
import { EventTexts, failureText, progressText, readEventId } from './event-stream.js';
import { EventStreamParser } from './testing/event-source.js';
import { putEvent } from './testing/scripted-watch.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function textsOf(batch: WatchBatch): string {
  return [...new EventTexts({ fromRevision: 1, skipped: 0 }).of(batch)].join('');
}

test('events, progress and ends of a watch, exactly', () => {
  const previous = { key: bytes('k'), value: bytes('1'), createRevision: 5, modRevision: 5, version: 1 };
  const put: WatchEvent = {
    type: 'put',
    kv: { ...previous, value: bytes('line 1\nline 2 "ü"'), modRevision: 6, version: 2 },
    prevKv: previous,
  };
  const empty = new Uint8Array(0);
  const kv = { key: Uint8Array.of(0xff), value: empty, createRevision: 0, modRevision: 7, version: 0 };
  const removal: WatchEvent = { type: 'delete', kv, prevKv: undefined };
  assert.equal(
    textsOf({ revision: 7, events: [put, removal], isFragment: false }),
    'event: put\nid: 6\ndata: {"key":"k","value":"line 1\\nline 2 \\"ü\\"","modRevision":6,"createRevision":5,"version":2,' +
      '"prev":{"value":"1","modRevision":5,"createRevision":5,"version":1}}\n\n' +
      'event: delete\nid: 7\ndata: {"keyBase64":"/w==","modRevision":7}\n\n',
  );
  assert.equal(
    textsOf({ revision: 9, events: [], isFragment: false }),
    'event: progress\nid: 9\ndata: {"revision":9}\n\n',
  );
  assert.equal(progressText(6, '7.2'), 'event: progress\nid: 7.2\ndata: {"revision":6}\n\n');
  assert.equal(
    failureText(new KvorumError('COMPACTED', 'gone', { compactRevision: 8 })),
    'event: compacted\nid: compacted\ndata: {"error":{"code":"COMPACTED","message":"gone","compactRevision":8}}\n\n',
  );
  assert.equal(
    failureText(new KvorumError('STOPPED', 'bye')),
    'event: failure\ndata: {"error":{"code":"STOPPED","message":"bye"}}\n\n',
  );
});

test('ids are read back as they were given, and nothing else is', () => {
  assert.deepEqual(readEventId('0'), { id: '0', fromRevision: 1, skipped: 0 });
  assert.deepEqual(readEventId('41'), { id: '41', fromRevision: 42, skipped: 0 });
  assert.deepEqual(readEventId('41.3'), { id: '41.3', fromRevision: 41, skipped: 3 });
  assert.deepEqual(readEventId('9007199254740991.1').valueOf(), {
    id: '9007199254740991.1',
    fromRevision: Number.MAX_SAFE_INTEGER,
    skipped: 1,
  });
  assert.equal(readEventId('compacted'), 'ended');
  for (const bad of [' ', 'x', '-1', '1.0', '1.', '.1', '0.1', '1e3', '1.1.1', '9007199254740991', '5, 6']) {
    assert.throws(
      () => readEventId(bad),
      { code: 'INVALID_ARGUMENT', details: { field: 'Last-Event-ID', allowed: 'the id of an event of this watch' } },
      bad,
    );
  }
});

test('R11: progress at a replica that is behind gives up nothing of a revision that the client has in part', () => {
  const texts = new EventTexts({ fromRevision: 7, skipped: 2 });
  const parser = new EventStreamParser();
  const idAfter = (batch: WatchBatch): string => {
    for (const text of texts.of(batch)) parser.push(text);
    return parser.lastEventId;
  };
  assert.equal(idAfter({ revision: 6, events: [], isFragment: false }), '7.2');
  const events = ['a', 'b', 'c', 'd'].map((key) => putEvent(key, '', 7));
  assert.equal(idAfter({ revision: 6, events: events.slice(0, 1), isFragment: true }), '7.2');
  assert.equal(idAfter({ revision: 6, events: [], isFragment: false }), '7.2');
  assert.equal(idAfter({ revision: 6, events: events.slice(1, 3), isFragment: true }), '7.3');
  assert.equal(idAfter({ revision: 6, events: [], isFragment: false }), '7.3');
  assert.equal(idAfter({ revision: 7, events: events.slice(3), isFragment: false }), '7');
  assert.equal(idAfter({ revision: 9, events: [], isFragment: false }), '9');
});

/** Events of revisions with up to four events each, cut into batches; a cut inside a revision makes a fragment. */
const histories = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 }),
  )
  .map(([sizes, cuts]) => {
    const events = sizes.flatMap((size, at) =>
      Array.from({ length: size }, (_, sub) => putEvent(`k${sub}`, `${at}.${sub}`, 10 + at)),
    );
    return { events, cuts };
  });

function batchesFrom(events: readonly WatchEvent[], cuts: readonly number[]): WatchBatch[] {
  const batches: WatchBatch[] = [];
  const sizes = [...cuts];
  for (let start = 0; start < events.length; ) {
    const end = start + (sizes.shift() ?? events.length);
    const last = events[Math.min(end, events.length) - 1]?.kv.modRevision ?? 0;
    const isFragment = events[end]?.kv.modRevision === last;
    batches.push({ revision: isFragment ? last - 1 : last, events: events.slice(start, end), isFragment });
    start = end;
  }
  return batches;
}

test('R11: a client cut off after any event, any number of times, sees each event once and in order', () => {
  fc.assert(
    fc.property(histories, fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 10 }), ({ events, cuts }, lives) => {
      const seen: string[] = [];
      let id = '9';
      for (const life of [...lives, Number.POSITIVE_INFINITY]) {
        const resumption = readEventId(id);
        assert.ok(resumption !== 'ended');
        const rest = events.filter(({ kv }) => kv.modRevision >= resumption.fromRevision);
        const texts = new EventTexts(resumption);
        const parser = new EventStreamParser();
        let left = life;
        for (const batch of batchesFrom(rest, cuts)) {
          for (const text of texts.of(batch)) {
            if (left === 0) break;
            for (const { type, data } of parser.push(text)) if (type === 'put') seen.push(JSON.parse(data).value);
            id = parser.lastEventId;
            left -= 1;
          }
        }
      }
      assert.deepEqual(
        seen,
        events.map(({ kv }) => new TextDecoder().decode(kv.value)),
      );
    }),
  );
});
