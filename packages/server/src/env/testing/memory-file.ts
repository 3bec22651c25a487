/** An open file of a {@link MemoryDisk}. */
import type { DiskFile } from '../disk.js';
import type { DiskFaults } from './disk-faults.js';
import type { FileInode } from './memory-inode.js';

export class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #inode: FileInode;
  readonly #faults: DiskFaults;
  readonly #claim: (grownBytes: number) => void;

  /** @param claim throws ENOSPC when the disk has no room for so many bytes more */
  constructor(path: string, inode: FileInode, faults: DiskFaults, claim: (grownBytes: number) => void) {
    this.path = path;
    this.#inode = inode;
    this.#faults = faults;
    this.#claim = claim;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#inode.live.size);
  }

  async read(position: number, into: Uint8Array): Promise<number> {
    await this.#faults.pass('read', this.path);
    const found = this.#inode.live.view().subarray(position, position + into.length);
    into.set(found);
    return found.length;
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    await this.#faults.pass('write', this.path);
    this.#claim(position + bytes.length - this.#inode.live.size);
    this.#inode.write(position, bytes);
  }

  async truncate(size: number): Promise<void> {
    await this.#faults.pass('truncate', this.path);
    this.#inode.truncate(size);
  }

  async sync(): Promise<void> {
    try {
      await this.#faults.pass('sync', this.path);
    } catch (error) {
      this.#inode.failSync();
      throw error;
    }
    this.#inode.sync();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
