/** What every {@link Disk} must do; run against the machine's disk and the memory disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Disk, DiskError, type DiskFile, type LogWriter } from '../disk.js';
import { replaceFile } from '../replace-file.js';

/** A disk and an existing empty directory on it, fresh for each test. */
export interface DiskUnderTest {
  readonly disk: Disk;
  readonly root: string;
  dispose(): Promise<void>;
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (content: Uint8Array) => Buffer.from(content).toString();
const hasCode = (code: string) => (error: unknown) => error instanceof DiskError && error.code === code;

/** Registers the tests under `name`. */
export function testDisk(name: string, start: () => Promise<DiskUnderTest>): void {
  const check = (title: string, run: (disk: Disk, root: string) => Promise<void>) => {
    void test(`${name}: ${title}`, async () => {
      const subject = await start();
      try {
        await run(subject.disk, subject.root);
      } finally {
        await subject.dispose();
      }
    });
  };

  check('a directory is made with its parents, and again without harm', async (disk, root) => {
    await disk.makeDir(`${root}/a/b`);
    await disk.makeDir(`${root}/a/b`);
    assert.equal(await disk.exists(`${root}/a/b`), true);
    assert.deepEqual(await disk.list(`${root}/a`), ['b']);
    await assert.rejects(disk.list(`${root}/none`), hasCode('ENOENT'));
  });

  check('N15: a replaced file holds the old or the new content, whole', async (disk, root) => {
    await replaceFile({ disk }, `${root}/f`, bytes('first, and longer'), 'current');
    await replaceFile({ disk }, `${root}/f`, bytes('second'), 'current');
    assert.equal(text(await disk.readFile(`${root}/f`)), 'second');
    assert.deepEqual(await disk.list(root), ['f']);
    await assert.rejects(disk.readFile(`${root}/none`), hasCode('ENOENT'));
    await assert.rejects(replaceFile({ disk }, `${root}/none/f`, bytes('x'), 'current'), hasCode('ENOENT'));
  });

  check('a file is read and written by position', async (disk, root) => {
    await assert.rejects(disk.open(`${root}/f`, 'read'), hasCode('ENOENT'));
    await assert.rejects(disk.open(`${root}/f`, 'write'), hasCode('ENOENT'));
    const file = await disk.open(`${root}/f`, 'create');
    await file.write(4, bytes('data'));
    await file.write(6, bytes('TA'));
    await file.sync();
    assert.equal(await file.size(), 8);
    assert.deepEqual([...(await readAll(file, 16))], [0, 0, 0, 0, ...Buffer.from('daTA')]);
    await file.truncate(6);
    assert.equal(await file.size(), 6);
    await file.close();
    const again = await disk.open(`${root}/f`, 'create');
    assert.equal(await again.size(), 6, 'create keeps what is there');
    await again.close();
  });

  check('names move and go', async (disk, root) => {
    await replaceFile({ disk }, `${root}/a`, bytes('a'), 'current');
    await replaceFile({ disk }, `${root}/b`, bytes('b'), 'current');
    await disk.rename(`${root}/a`, `${root}/b`);
    await disk.syncDir(root);
    assert.equal(text(await disk.readFile(`${root}/b`)), 'a');
    assert.equal(await disk.exists(`${root}/a`), false);
    await assert.rejects(disk.rename(`${root}/a`, `${root}/c`), hasCode('ENOENT'));
    await disk.makeDir(`${root}/d/e`);
    await replaceFile({ disk }, `${root}/d/e/f`, bytes('f'), 'current');
    await disk.remove(`${root}/d`);
    await disk.remove(`${root}/d`);
    assert.deepEqual(await disk.list(root), ['b']);
  });

  check('space is told', async (disk, root) => {
    const { freeBytes, totalBytes } = await disk.space(root);
    assert.ok(freeBytes > 0 && totalBytes >= freeBytes);
  });

  check('S2: a lock excludes a second one, in this process too, until it is released', async (disk, root) => {
    const first = await disk.lock(`${root}/LOCK`);
    assert.ok(first !== undefined);
    assert.equal(await disk.lock(`${root}/LOCK`), undefined);
    const other = await disk.lock(`${root}/OTHER`);
    assert.ok(other !== undefined);
    await other.release();
    await first.release();
    await first.release();
    const second = await disk.lock(`${root}/LOCK`);
    assert.ok(second !== undefined);
    await second.release();
  });

  testLogWriter(check);
}

type Check = (title: string, run: (disk: Disk, root: string) => Promise<void>) => void;

function testLogWriter(check: Check): void {
  check('the log writer appends from its own and from foreign memory', async (disk, root) => {
    const writer = await openWriter(disk, root);
    const memory = writer.allocate(64);
    memory.set(bytes('own memory'), 8);
    await append(writer, `${root}/log`, 0, memory.subarray(8, 18));
    await append(writer, `${root}/log`, 10, bytes(', foreign memory'));
    const later = writer.allocate(8);
    later.set(bytes('!'));
    await append(writer, `${root}/log`, 26, later.subarray(0, 1));
    await writer.close();
    await writer.close();
    assert.equal(text((await disk.readFile(`${root}/log`)).subarray(0, 27)), 'own memory, foreign memory!');
  });

  check(
    'the log writer never answers inside append, and the next append may start in the answer',
    async (disk, root) => {
      const writer = await openWriter(disk, root);
      const order: string[] = [];
      await new Promise<void>((resolve, reject) => {
        writer.append({ path: `${root}/log`, position: 0, bytes: bytes('1') }, (error) => {
          if (error !== undefined) return reject(error);
          order.push('answered');
          writer.append({ path: `${root}/log`, position: 1, bytes: bytes('2') }, (second) => {
            if (second !== undefined) return reject(second);
            resolve();
          });
        });
        order.push('returned');
      });
      assert.deepEqual(order, ['returned', 'answered']);
      await writer.close();
    },
  );

  check('the log writer loses no append, however fast they follow each other', async (disk, root) => {
    const writer = await openWriter(disk, root);
    for (let i = 0; i < 300; i++) await append(writer, `${root}/log`, i % 64, Uint8Array.of(i & 0xff));
    await writer.close();
    assert.equal((await disk.readFile(`${root}/log`))[299 % 64], 299 & 0xff);
  });

  check('the log writer refuses a missing file and answers an append after close with an error', async (disk, root) => {
    const writer = await openWriter(disk, root);
    await assert.rejects(writer.openFile(`${root}/none`), hasCode('ENOENT'));
    await writer.close();
    await replaceFile({ disk }, `${root}/late`, bytes(''), 'current');
    const late = await disk.openLogWriter();
    await late.openFile(`${root}/late`);
    const answered = append(late, `${root}/late`, 0, bytes('x'));
    await late.close();
    await answered;
  });
}

async function openWriter(disk: Disk, root: string): Promise<LogWriter> {
  const file = await disk.open(`${root}/log`, 'create');
  await file.write(0, new Uint8Array(64));
  await file.sync();
  await file.close();
  await disk.syncDir(root);
  const writer = await disk.openLogWriter();
  await writer.openFile(`${root}/log`);
  return writer;
}

function append(writer: LogWriter, path: string, position: number, content: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.append({ path, position, bytes: content }, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function readAll(file: DiskFile, capacity: number): Promise<Uint8Array> {
  const into = new Uint8Array(capacity);
  return into.subarray(0, await file.read(0, into));
}
