/**
 * A disk in memory that knows what is durable, for tests that cut the power, fail calls or stall them. It promises exactly what {@link Disk}
 * does and no more: un-synced bytes and names may be lost, in any combination.
 */
import { type Disk, DiskError, type DiskFile, type DiskLock, type DiskSpace, type LogWriter } from '../disk.js';
import type { Random } from '../env.js';
import { DiskFaults } from './disk-faults.js';
import {
  type CutTally,
  DirectoryInode,
  FileInode,
  findInode,
  type Inode,
  NameChange,
  namesOf,
} from './memory-inode.js';
import { MemoryFile } from './memory-file.js';
import { MemoryLogWriter } from './memory-log-writer.js';

/** Room of a disk unless told otherwise. */
const CAPACITY_BYTES = 1024 * 1024 * 1024;

export class MemoryDisk implements Disk {
  readonly faults = new DiskFaults();
  /** Sum of file sizes above which writes fail with ENOSPC; may be changed at any time. */
  capacityBytes = CAPACITY_BYTES;
  /** Microtasks that the sync of an append takes, so that a cut can fall between write and answer. */
  syncTicks = (): number => 5;
  readonly #root: DirectoryInode;
  readonly #locks = new Set<string>();

  constructor(root = new DirectoryInode()) {
    this.#root = root;
  }

  /** A disk as the power cut may leave it; this one goes on. Equal random numbers give equal disks. */
  cut(random: Random, tally?: CutTally): MemoryDisk {
    const disk = new MemoryDisk(this.#root.cut({ ...random }, new Map(), tally));
    disk.capacityBytes = this.capacityBytes;
    return disk;
  }

  /** The machine goes on without the process: a disk with the same files in the same state, where no call is under way and no lock is held. */
  afterProcess(): MemoryDisk {
    const disk = new MemoryDisk(this.#root);
    disk.capacityBytes = this.capacityBytes;
    return disk;
  }

  /** Every file, depth first. */
  files(): { readonly path: string; readonly inode: FileInode }[] {
    return filesBelow(this.#root, '');
  }

  /** A disk with the same content, all of it durable. */
  copy(): MemoryDisk {
    const disk = new MemoryDisk(copyTree(this.#root));
    disk.capacityBytes = this.capacityBytes;
    return disk;
  }

  async makeDir(path: string): Promise<void> {
    await this.faults.pass('makeDir', path);
    let at = this.#root;
    for (const name of namesOf(path)) {
      const next = at.live.get(name) ?? new DirectoryInode();
      if (next.kind !== 'directory') throw new DiskError('makeDir', path, 'ENOTDIR');
      if (!at.live.has(name)) {
        at.set(name, next);
        at.sync();
      }
      at = next;
    }
  }

  async list(path: string): Promise<readonly string[]> {
    await this.faults.pass('list', path);
    return [...this.#directory('list', path).live.keys()].sort();
  }

  async exists(path: string): Promise<boolean> {
    await this.faults.pass('list', path);
    const names = namesOf(path);
    let at: Inode | undefined = this.#root;
    for (const name of names) at = at?.kind === 'directory' ? at.live.get(name) : undefined;
    return at !== undefined;
  }

  async readFile(path: string): Promise<Uint8Array> {
    await this.faults.pass('readFile', path);
    return this.#file('readFile', path).live.view().slice();
  }

  /** Puts a whole, durable file there at once; for tests that change what a node finds. */
  async placeFile(path: string, content: Uint8Array): Promise<void> {
    const { parent, name } = this.#place('write', path);
    const inode = new FileInode();
    inode.write(0, content);
    inode.sync();
    parent.set(name, inode);
    parent.sync();
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile> {
    await this.faults.pass('open', path);
    const { parent, name } = this.#place('open', path);
    if (mode === 'create' && !parent.live.has(name)) parent.set(name, new FileInode());
    const inode = this.#file('open', path);
    return new MemoryFile(path, inode, this.faults, (bytes) => this.#claim('write', path, bytes));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.faults.pass('rename', from);
    const source = this.#place('rename', from);
    const target = this.#place('rename', to);
    const inode = findInode(this.#root, 'rename', from);
    const change = new NameChange();
    source.parent.set(source.name, undefined, change);
    target.parent.set(target.name, inode, change);
  }

  async remove(path: string): Promise<void> {
    await this.faults.pass('remove', path);
    const { parent, name } = this.#place('remove', path);
    if (parent.live.has(name)) parent.set(name, undefined);
  }

  async syncDir(path: string): Promise<void> {
    await this.faults.pass('syncDir', path);
    this.#directory('syncDir', path).sync();
  }

  async space(path: string): Promise<DiskSpace> {
    await this.faults.pass('space', path);
    return { freeBytes: this.#freeBytes(), totalBytes: this.capacityBytes };
  }

  async lock(path: string): Promise<DiskLock | undefined> {
    await this.faults.pass('lock', path);
    if (this.#locks.has(path)) return undefined;
    this.#locks.add(path);
    return {
      release: () => {
        this.#locks.delete(path);
        return Promise.resolve();
      },
    };
  }

  openLogWriter(): Promise<LogWriter> {
    return Promise.resolve(
      new MemoryLogWriter(
        (path) => this.#file('open', path),
        this.faults,
        () => this.syncTicks(),
      ),
    );
  }

  #place(operation: string, path: string): { readonly parent: DirectoryInode; readonly name: string } {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new DiskError(operation, path, 'EINVAL');
    return { parent: this.#directory(operation, names.join('/')), name };
  }

  #directory(operation: string, path: string): DirectoryInode {
    const inode = findInode(this.#root, operation, path);
    if (inode.kind !== 'directory') throw new DiskError(operation, path, 'ENOTDIR');
    return inode;
  }

  #file(operation: string, path: string): FileInode {
    const inode = findInode(this.#root, operation, path);
    if (inode.kind !== 'file') throw new DiskError(operation, path, 'EISDIR');
    return inode;
  }

  #freeBytes(): number {
    return Math.max(0, this.capacityBytes - usedBytes(this.#root));
  }

  #claim(operation: string, path: string, grownBytes: number): void {
    if (grownBytes > 0 && grownBytes > this.#freeBytes()) throw new DiskError(operation, path, 'ENOSPC');
  }
}

function usedBytes(inode: Inode): number {
  if (inode.kind === 'file') return inode.live.size;
  let sum = 0;
  for (const child of inode.live.values()) sum += usedBytes(child);
  return sum;
}

function filesBelow(directory: DirectoryInode, path: string): { readonly path: string; readonly inode: FileInode }[] {
  return [...directory.live].flatMap(([name, inode]) =>
    inode.kind === 'file' ? [{ path: `${path}/${name}`, inode }] : filesBelow(inode, `${path}/${name}`),
  );
}

function copyTree(directory: DirectoryInode): DirectoryInode {
  const copy = new DirectoryInode();
  for (const [name, inode] of directory.live) {
    copy.set(name, inode.kind === 'file' ? new FileInode(inode.live.view()) : copyTree(inode));
  }
  copy.sync();
  return copy;
}
