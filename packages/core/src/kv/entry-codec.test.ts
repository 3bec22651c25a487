import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BytePool } from '../base/byte-pool.js';
import {
  COMMAND_CLOSE_SESSION,
  COMMAND_COMPACT,
  COMMAND_COMPARE,
  COMMAND_DELETE,
  COMMAND_EXPIRE_SESSIONS,
  COMMAND_KEEP_SESSION,
  COMMAND_OPEN_SESSION,
  COMMAND_PUT,
  encodeCloseSession,
  encodeCompact,
  encodeCompare,
  encodeDelete,
  encodeExpireSessions,
  encodeKeepSession,
  encodeOpenSession,
  encodePut,
  KEY_BYTES_MAX,
} from './command.js';
import { BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, buildBatch, CommandCursor, checkCommand } from './entry-codec.js';
import { DecodeError } from './errors.js';
import { decodeMeta, encodeMeta, INITIAL_META } from './meta.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const header = { shardTimeMs: 7, wallClockMs: 2 ** 41 };
const text = (cursor: CommandCursor, start: number, end: number): string =>
  Buffer.from(cursor.bytes.subarray(start, end)).toString();

test('a batch lies as its table says and is read back', () => {
  const commands = [
    encodePut(bytes('k'), bytes('value'), { lease: (1n << 64n) - 1n, ifModRevision: 2 ** 52 }),
    encodePut(bytes('key'), bytes(''), { ifAbsent: true }, new BytePool()),
    encodeDelete(bytes('a'), { rangeEnd: bytes('z') }),
    encodeDelete(bytes('b'), { ifModRevision: 9 }),
    encodeCompact(12),
    encodeCompare(),
  ];
  const batch = buildBatch(header, commands);
  assert.equal(
    Buffer.from(batch.subarray(0, 34)).toString('hex'),
    ['01000000', '06000000', '0700000000000000', '0000000000020000', '01030000', '1a000000', 'ffff'].join(''),
  );
  const cursor = new CommandCursor();
  cursor.open(batch);
  assert.deepEqual([cursor.shardTimeMs, cursor.wallClockMs, cursor.count], [7, 2 ** 41, 6]);
  const seen: unknown[] = [];
  while (cursor.next()) {
    const rest =
      cursor.type === COMMAND_COMPACT || cursor.type === COMMAND_COMPARE
        ? []
        : [text(cursor, cursor.keyStart, cursor.keyEnd), text(cursor, cursor.restStart, cursor.restEnd)];
    seen.push([cursor.type, cursor.flags, cursor.revision, ...rest]);
  }
  assert.deepEqual(seen, [
    [COMMAND_PUT, 3, 2 ** 52, 'k', 'value'],
    [COMMAND_PUT, 4, 0, 'key', ''],
    [COMMAND_DELETE, 8, 0, 'a', 'z'],
    [COMMAND_DELETE, 2, 9, 'b', ''],
    [COMMAND_COMPACT, 0, 12],
    [COMMAND_COMPARE, 0, 12],
  ]);
  for (const command of commands) checkCommand(command);
});

test('S9: key and batch limits hold at n and n+1', () => {
  checkCommand(encodePut(new Uint8Array(KEY_BYTES_MAX), bytes('')));
  assert.throws(() => encodePut(new Uint8Array(KEY_BYTES_MAX + 1), bytes('')));
  assert.throws(() => encodePut(new Uint8Array(0), bytes('')));
  const small = encodeCompact(1);
  buildBatch(
    header,
    Array.from({ length: BATCH_COMMANDS_MAX }, () => small),
  );
  assert.throws(() =>
    buildBatch(
      header,
      Array.from({ length: BATCH_COMMANDS_MAX + 1 }, () => small),
    ),
  );
  assert.throws(() => buildBatch(header, []));
  const large = encodePut(bytes('k'), new Uint8Array(BATCH_BYTES_MAX));
  buildBatch(header, [large]);
  assert.throws(() => buildBatch(header, [large, small]));
});

test('S1: decoders of batches, commands and meta rows fail typed on any bytes', () => {
  const valid = buildBatch(header, [
    encodePut(bytes('key'), bytes('value'), { lease: 5n }),
    encodeDelete(bytes('a'), { rangeEnd: bytes('b') }),
    encodeCompact(3),
    encodeDelete(bytes('a'), { session: { session: 9, sequence: 3, firstUnacknowledged: 2 } }),
    encodeOpenSession(5),
    encodeKeepSession(7),
    encodeExpireSessions(8),
  ]);
  const session = { session: 2 ** 50, sequence: 12, firstUnacknowledged: 11 };
  const command = encodePut(bytes('key'), bytes('value'), { ifModRevision: 3, session });
  const meta = encodeMeta({ ...INITIAL_META, confState: bytes('conf'), appliedIndex: 2 ** 50 });
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.constantFrom(valid, command, meta), fc.nat(), fc.nat(255), fc.integer({ min: -3, max: 3 }))
      .map(([from, at, byte, change]) => {
        const copy = new Uint8Array(from.length + change);
        copy.set(from.subarray(0, copy.length));
        copy[at % copy.length] = byte;
        return copy;
      }),
  );
  const cursor = new CommandCursor();
  const walk = (batch: Uint8Array): void => {
    cursor.open(batch);
    while (cursor.next())
      assert.ok(cursor.type > COMMAND_DELETE || (cursor.keyStart < cursor.keyEnd && cursor.restEnd <= batch.length));
  };
  const failsTyped = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
    }
  };
  fc.assert(
    fc.property(input, (data) => {
      failsTyped(() => walk(data));
      failsTyped(() => checkCommand(data));
      failsTyped(() => assert.deepEqual(Buffer.from(encodeMeta(decodeMeta(data))), Buffer.from(data)));
    }),
    { numRuns: 5_000 },
  );
  assert.deepEqual(decodeMeta(meta), {
    ...INITIAL_META,
    confState: new Uint8Array(bytes('conf')),
    appliedIndex: 2 ** 50,
  });
});

test('R20: commands of sessions come back as they were encoded, and a stamp that contradicts itself is refused', () => {
  const session = { session: 2 ** 50, sequence: 12, firstUnacknowledged: 11 };
  const cursor = new CommandCursor();
  const key = bytes('key');
  for (const command of [
    encodePut(key, bytes('value'), { lease: 5n, ifModRevision: 7, session }),
    encodeDelete(key, { ifModRevision: 7, session }),
  ]) {
    cursor.openCommand(command);
    const { session: id, sequence, firstUnacknowledged, revision, keyStart, keyEnd } = cursor;
    assert.deepEqual({ session: id, sequence, firstUnacknowledged }, session);
    assert.equal(revision, 7);
    assert.deepEqual(Buffer.from(command.subarray(keyStart, keyEnd)), Buffer.from(key));
    for (const [at, byte] of [
      [8, 0],
      [16, 10],
      [24, 13],
    ] as const) {
      const wrong = command.slice();
      wrong.fill(0, at, at + 8);
      wrong[at] = byte;
      assert.throws(() => checkCommand(wrong), { code: 'BAD_COMMAND' }, `offset ${at}`);
    }
  }
  for (const [command, type, field, value] of [
    [encodeOpenSession(5), COMMAND_OPEN_SESSION, 'limit', 5],
    [encodeKeepSession(6), COMMAND_KEEP_SESSION, 'session', 6],
    [encodeCloseSession(7), COMMAND_CLOSE_SESSION, 'session', 7],
    [encodeExpireSessions(8), COMMAND_EXPIRE_SESSIONS, 'limit', 8],
  ] as const) {
    cursor.openCommand(command);
    assert.deepEqual([cursor.type, cursor[field]], [type, value]);
    assert.throws(() => checkCommand(command.subarray(0, -1)), { code: 'BAD_COMMAND' });
    const flagged = command.slice();
    flagged[1] = 1;
    assert.throws(() => checkCommand(flagged), { code: 'BAD_COMMAND' });
  }
});

test('S1: a batch cut short or with bytes after it is refused at every length', () => {
  const valid = buildBatch(header, [encodePut(bytes('key'), bytes('value')), encodeCompact(3)]);
  const cursor = new CommandCursor();
  for (let length = 1; length <= valid.length + 1; length += 1) {
    const data = new Uint8Array(length);
    data.set(valid.subarray(0, Math.min(length, valid.length)));
    const walk = (): void => {
      cursor.open(data);
      while (cursor.next());
    };
    if (length === valid.length) walk();
    else assert.throws(walk, { code: 'BAD_ENTRY' });
  }
});
