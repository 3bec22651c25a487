/**
 * Files and directories of a {@link MemoryDisk}: what a reader sees now, what is durable for sure, and the changes between the two, any of which
 * a power cut may keep or lose.
 */
import { DiskError } from '../disk.js';
import type { Random } from '../env.js';
import { below } from './seeded-random.js';

const SECTOR_BYTES = 512;

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number };

/** Bytes that grow; what lies between is zero. */
class Content {
  #bytes: Uint8Array;
  size: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  apply(change: FileChange): void {
    if (change.kind === 'truncate') return this.#resize(change.size);
    const end = change.position + change.bytes.length;
    if (end > this.size) this.#resize(end);
    this.#bytes.set(change.bytes, change.position);
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      grown.set(this.view());
      this.#bytes = grown;
    }
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }
}

/** One file, by whatever names. */
export class FileInode {
  readonly kind = 'file';
  readonly live: Content;
  readonly #durable: Content;
  #pending: FileChange[] = [];

  constructor(durable: Uint8Array = new Uint8Array(0)) {
    this.live = new Content(durable.slice());
    this.#durable = new Content(durable.slice());
  }

  write(position: number, bytes: Uint8Array): void {
    this.#change({ kind: 'write', position, bytes: Uint8Array.from(bytes) });
  }

  truncate(size: number): void {
    this.#change({ kind: 'truncate', size });
  }

  sync(): void {
    for (const change of this.#pending) this.#durable.apply(change);
    this.#pending = [];
  }

  /** The system reported the failure once and takes the pages for clean: a later sync succeeds without them. */
  failSync(): void {
    this.#pending = [];
  }

  /** What a power cut may leave: the durable content and any part of the changes since. */
  cut(random: Random, tally: CutTally = {}): FileInode {
    const content = new Content(this.#durable.view().slice());
    let isAnyLost = false;
    for (const change of this.#pending) {
      const fate = tear(content, change, random);
      tally[fate] = (tally[fate] ?? 0) + 1;
      if (fate === 'lost') isAnyLost = true;
      else if (isAnyLost) tally.reordered = (tally.reordered ?? 0) + 1;
    }
    return new FileInode(content.view());
  }

  /** Changes bytes behind everybody's back, durable ones too. */
  damage(change: (bytes: Uint8Array) => void): void {
    change(this.live.view());
    change(this.#durable.view());
  }

  #change(change: FileChange): void {
    this.live.apply(change);
    this.#pending.push(change);
  }
}

/** What a cut did to changes that were not synced, counted. */
export type CutTally = Partial<Record<'kept' | 'lost' | 'torn' | 'reordered' | 'nameKept' | 'nameLost', number>>;

/** Keeps all of a change, nothing, a prefix to any byte, or any of its sectors. */
function tear(content: Content, change: FileChange, random: Random): 'kept' | 'lost' | 'torn' {
  const choice = below(random, 4);
  if (choice === 0) return 'lost';
  if (choice === 1 || change.kind === 'truncate') {
    content.apply(change);
    return 'kept';
  }
  const { position, bytes } = change;
  if (choice === 2) {
    content.apply({ kind: 'write', position, bytes: bytes.subarray(0, below(random, bytes.length + 1)) });
    return 'torn';
  }
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
    if (below(random, 2) === 0) {
      content.apply({ kind: 'write', position: position + from, bytes: bytes.subarray(from, to) });
    }
    from = to;
  }
  return 'torn';
}

export type Inode = FileInode | DirectoryInode;

/** Names that change together: a rename is one change of one or two directories. */
export class NameChange {
  /** Decided once per cut, so that a rename across directories is kept or lost as one. */
  readonly decisions = new WeakMap<Random, boolean>();

  isKept(random: Random): boolean {
    const decided = this.decisions.get(random) ?? below(random, 2) === 0;
    this.decisions.set(random, decided);
    return decided;
  }
}

interface PendingName {
  readonly change: NameChange;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** One directory. */
export class DirectoryInode {
  readonly kind = 'directory';
  readonly live = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  #pending: PendingName[] = [];

  /** Sets a name, or clears it. */
  set(name: string, inode: Inode | undefined, change = new NameChange()): void {
    setName(this.live, name, inode);
    this.#pending.push({ change, name, inode });
  }

  sync(): void {
    for (const { name, inode } of this.#pending) setName(this.#durable, name, inode);
    this.#pending = [];
  }

  /** What a power cut may leave; `seen` keeps an inode with two names one inode. */
  cut(random: Random, seen: Map<Inode, Inode>, tally: CutTally = {}): DirectoryInode {
    const left = new DirectoryInode();
    seen.set(this, left);
    const names = new Map(this.#durable);
    for (const { change, name, inode } of this.#pending) {
      const fate = change.isKept(random) ? 'nameKept' : 'nameLost';
      tally[fate] = (tally[fate] ?? 0) + 1;
      if (fate === 'nameKept') setName(names, name, inode);
    }
    for (const [name, inode] of names) {
      const cut =
        seen.get(inode) ?? (inode.kind === 'file' ? inode.cut(random, tally) : inode.cut(random, seen, tally));
      seen.set(inode, cut);
      left.set(name, cut);
    }
    left.sync();
    return left;
  }
}

function setName(names: Map<string, Inode>, name: string, inode: Inode | undefined): void {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
}

/** The inode at `path` below `root`; throws ENOENT or ENOTDIR. */
export function findInode(root: DirectoryInode, operation: string, path: string): Inode {
  let at: Inode = root;
  for (const name of namesOf(path)) {
    if (at.kind !== 'directory') throw new DiskError(operation, path, 'ENOTDIR');
    const next = at.live.get(name);
    if (next === undefined) throw new DiskError(operation, path, 'ENOENT');
    at = next;
  }
  return at;
}

/** Parts of a path. */
export function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
