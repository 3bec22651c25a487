import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryPlaces } from './entry-places.js';

test('places follow sets, truncation, compaction and growth', () => {
  const places = new EntryPlaces(1);
  for (let index = 1; index <= 100; index++) places.set(index, 1, 1 + Math.floor(index / 40), index * 8, 48);
  assert.deepEqual(
    [places.first, places.last, places.term(57), places.segment(57), places.offset(57)],
    [1, 100, 1, 2, 456],
  );
  places.truncateFrom(90);
  places.dropThrough(45);
  assert.deepEqual(
    [places.first, places.last, places.count, places.countIn(1), places.countIn(2), places.countIn(3)],
    [46, 89, 44, 0, 34, 10],
  );
  assert.equal(places.oldestSegment, 2);
  assert.deepEqual([places.bytes, places.bytesIn(1), places.bytesIn(2)], [44 * 48, 0, 34 * 48]);
  places.set(80, 1, 9, 64, 100);
  assert.deepEqual([places.bytes, places.bytesIn(3), places.bytesIn(9)], [43 * 48 + 100, 9 * 48, 100]);
  places.dropThrough(200);
  assert.deepEqual([places.first, places.last, places.oldestSegment, places.bytes], [201, 200, undefined, 0]);
  places.set(201, 5, 9, 64, 48);
  assert.equal(places.offset(201), 64);
  places.reset(7);
  assert.deepEqual([places.first, places.count, places.oldestSegment], [8, 0, undefined]);
});

test('the oldest segment is that of any entry, not of the first: copies lie behind newer entries', () => {
  const places = new EntryPlaces(1);
  places.set(1, 1, 1, 64, 48);
  places.set(2, 1, 1, 112, 48);
  places.set(3, 1, 3, 64, 48);
  places.set(1, 1, 7, 64, 48);
  places.set(2, 1, 7, 112, 48);
  assert.equal(places.oldestSegment, 3);
});

test('holes are found until they are filled, and an absurd gap is refused', () => {
  const places = new EntryPlaces(1);
  places.set(3, 2, 4, 64, 48);
  assert.equal(places.findHole(), 1);
  places.set(1, 1, 5, 64, 48);
  assert.equal(places.findHole(), 2);
  places.set(2, 1, 5, 112, 48);
  assert.equal(places.findHole(), undefined);
  assert.equal(places.set(2 ** 40, 1, 5, 0, 48), false);
  assert.equal(places.last, 3);
});
