/** The log writer of a {@link MemoryDisk}. An append is written at once and durable when it is answered; in between a cut may tear it. */
import { DiskError, type LogAppend, type LogWriter } from '../disk.js';
import type { DiskFaults } from './disk-faults.js';
import type { FileInode } from './memory-inode.js';

export class MemoryLogWriter implements LogWriter {
  readonly #find: (path: string) => FileInode;
  readonly #faults: DiskFaults;
  readonly #syncTicks: () => number;
  readonly #files = new Map<string, FileInode>();
  #pending: Promise<void> | undefined;

  /** @param syncTicks microtasks between a write and its sync */
  constructor(find: (path: string) => FileInode, faults: DiskFaults, syncTicks: () => number) {
    this.#syncTicks = syncTicks;
    this.#find = find;
    this.#faults = faults;
  }

  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength);
  }

  async openFile(path: string): Promise<void> {
    await this.#faults.pass('open', path);
    this.#files.set(path, this.#find(path));
  }

  closeFile(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }

  append(request: LogAppend, done: (error: DiskError | undefined) => void): void {
    const inode = this.#files.get(request.path);
    if (inode === undefined) throw new Error(`${request.path} is not open`);
    if (this.#pending !== undefined) throw new Error('an append is under way');
    this.#pending = this.#answer(request, inode, done);
  }

  async close(): Promise<void> {
    await this.#pending;
  }

  async #answer(request: LogAppend, inode: FileInode, done: (error: DiskError | undefined) => void): Promise<void> {
    const error = await this.#append(request, inode);
    this.#pending = undefined;
    done(error);
  }

  async #append(request: LogAppend, inode: FileInode): Promise<DiskError | undefined> {
    inode.write(request.position, request.bytes);
    try {
      for (let tick = this.#syncTicks(); tick > 0; tick--) await Promise.resolve();
      await this.#faults.pass('append', request.path);
    } catch (error) {
      inode.failSync();
      return error instanceof DiskError ? error : new DiskError('append', request.path, 'EIO', error);
    }
    inode.sync();
    return undefined;
  }
}
