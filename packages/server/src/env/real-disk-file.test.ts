import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskError } from './disk.js';
import { type FileCalls, RealDiskFile } from './real-disk-file.js';

/** A handle whose calls take and give at most `most` bytes at a time. */
function shortHandle(content: Uint8Array, most: number) {
  const calls: string[] = [];
  const read: FileCalls['read'] = async (into, offset, length, position) => {
    const part = content.subarray(position, position + Math.min(length, most));
    into.set(part, offset);
    calls.push(`read ${position} ${length}: ${part.length}`);
    return { bytesRead: part.length };
  };
  const write: FileCalls['write'] = async (bytes, offset, length, position) => {
    const part = bytes.subarray(offset, offset + Math.min(length, most));
    content.set(part, position);
    calls.push(`write ${position} ${length}: ${part.length}`);
    return { bytesWritten: part.length };
  };
  const unused = () => Promise.reject(new Error('not called'));
  return { calls, handle: { read, write, stat: unused, truncate: unused, datasync: unused, close: unused } };
}

test('R2: a short read is continued, and the end of the file is told by the count', async () => {
  const content = new Uint8Array([1, 2, 3, 4, 5, 6, 7]);
  const { calls, handle } = shortHandle(content, 3);
  const file = new RealDiskFile('/f', handle);
  const into = new Uint8Array(5);
  assert.equal(await file.read(1, into), 5);
  assert.deepEqual([...into], [2, 3, 4, 5, 6]);
  assert.deepEqual(calls, ['read 1 5: 3', 'read 4 2: 2']);
  const beyond = new Uint8Array(5);
  assert.equal(await file.read(4, beyond), 3);
  assert.deepEqual([...beyond], [5, 6, 7, 0, 0]);
  assert.equal(calls.at(-1), 'read 7 2: 0');
});

test('R2: a short write is continued; one that takes nothing is an error of the disk', async () => {
  const content = new Uint8Array(6);
  const { calls, handle } = shortHandle(content, 2);
  await new RealDiskFile('/f', handle).write(1, new Uint8Array([1, 2, 3, 4, 5]));
  assert.deepEqual([...content], [0, 1, 2, 3, 4, 5]);
  assert.equal(calls.length, 3);
  const full = new RealDiskFile('/f', shortHandle(content, 0).handle);
  await assert.rejects(full.write(0, new Uint8Array(1)), (error) => error instanceof DiskError && error.code === 'EIO');
});
