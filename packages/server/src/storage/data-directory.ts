/**
 * The data directory of a node (S2): whose it is, which format it has, and that no other process uses it.
 *
 * ```
 * FORMAT         version of the directory's layout; written last when it is created
 * LOCK…          held exclusively while a process uses the directory
 * IDENTITY       node, cluster and incarnation
 * INCARNATIONS   incarnations of the configured nodes (incarnation-registry.ts)
 * wal/           the log of all shards
 * shards/        the stores, shard-N/ for shard N (store-generations.ts)
 * ```
 * It must never open a directory that is not its own, and never guess what a damaged or newer file means.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { type Disk, DiskError } from '../env/disk.js';
import type { Clock, Random } from '../env/env.js';
import type { Failpoints } from '../env/failpoints.js';
import { replaceFile } from '../env/replace-file.js';
import { IncarnationRegistry, type IncarnationStore } from './incarnation-registry.js';
import { restoredClusterId } from './restored-cluster-id.js';
import { isCount, isHexId, readSealed, seal, SealedFileError } from './sealed-file.js';

/** The layout this program writes and the only one it reads. */
export const DATA_DIRECTORY_FORMAT = 1;

const IDENTITY_FORMAT = 1;

/** What a creation that did not come to FORMAT may leave: lock files, the first two files, and files on their way. */
const OWN_BEFORE_FORMAT = /^(\.?LOCK.*|(IDENTITY|INCARNATIONS)(\.tmp)?|FORMAT\.tmp)$/;

/** Whose directory it is. */
export interface NodeIdentity {
  readonly nodeId: number;
  /** 8 bytes as 16 hex digits: the configured one, or of a restored directory its own (restored-cluster-id.ts). */
  readonly clusterId: string;
  /** Of this directory: 16 hex digits, drawn when it was created and never changed. */
  readonly incarnation: string;
}

/** What a data directory needs of the machine. */
export interface DataDirectoryDeps {
  readonly disk: Disk;
  readonly random: Random;
  /** For the time of creation, which is information only. */
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly failpoints?: Failpoints | undefined;
}

/** Which directory, and who opens it. */
export interface DataDirectoryOptions {
  readonly path: string;
  readonly nodeId: number;
  /** What the configuration gives. */
  readonly clusterId: string;
  /** Nodes of the static cluster, whose incarnations are remembered. */
  readonly configuredNodes: readonly number[];
}

/** An opened, locked data directory. */
export interface DataDirectory {
  readonly path: string;
  readonly identity: NodeIdentity;
  /** True when this call created it. */
  readonly isNew: boolean;
  readonly walPath: string;
  /** Parent of the shards' store directories. */
  readonly storesPath: string;
  readonly incarnations: IncarnationStore;
  /** Gives the lock back. Idempotent. */
  close(): Promise<void>;
}

/** Why a data directory was refused. */
export type DataDirectoryErrorCode =
  | 'DATA_DIR_LOCKED'
  | 'DATA_DIR_NEWER_FORMAT'
  | 'DATA_DIR_OTHER_NODE'
  | 'DATA_DIR_OTHER_CLUSTER'
  | 'DATA_DIR_FOREIGN'
  | 'DATA_DIR_NOT_EMPTY'
  | 'DATA_DIR_DAMAGED'
  | 'DATA_DIR_UNUSABLE';

/** A data directory that can't be used; the message names it and says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly code: DataDirectoryErrorCode;
  readonly path: string;
  readonly retryable: boolean;

  constructor(code: DataDirectoryErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.retryable = code === 'DATA_DIR_LOCKED';
  }
}

/** Opens the data directory, creating it where absent or empty. Fails with {@link DataDirectoryError} or DiskError. */
export async function openDataDirectory(
  deps: DataDirectoryDeps,
  options: DataDirectoryOptions,
): Promise<DataDirectory> {
  const { disk } = deps;
  const { path } = options;
  assert(isCount(options.nodeId, 1) && isHexId(options.clusterId), 'node id and cluster id are validated options');
  try {
    // Looked at before anything is written: a directory that is not ours stays as it is.
    if (await disk.exists(path)) await refuseForeign(disk, path);
    await disk.makeDir(path);
  } catch (error) {
    throw unusable(path, error);
  }
  const lock = await disk.lock(`${path}/LOCK`);
  if (lock === undefined) {
    throw new DataDirectoryError('DATA_DIR_LOCKED', path, `the data directory ${path} is in use by another process`);
  }
  try {
    const isNew = await refuseForeign(disk, path);
    // A killed process may have left names that it did not sync: nobody may learn what a power cut could take back (N15).
    await disk.syncDir(path);
    if (isNew) await create(deps, options, undefined);
    await checkFormat(disk, path);
    const identity = await readIdentity(disk, options);
    const incarnations = await openIncarnations(deps, identity, options);
    const close = () => lock.release();
    return { path, identity, isNew, walPath: `${path}/wal`, storesPath: `${path}/shards`, incarnations, close };
  } catch (error) {
    await lock.release();
    throw error instanceof SealedFileError
      ? new DataDirectoryError(
          'DATA_DIR_DAMAGED',
          path,
          `the data directory ${path} is damaged: ${error.message}`,
          error,
        )
      : error;
  }
}

/** Names that a lock may leave in a directory that is empty otherwise. */
const LOCK_NAME = /^\.?LOCK/;

/** What a restored directory holds from the beginning. */
export interface RestoredContent {
  /** Names the backup, see restored-cluster-id.ts. */
  readonly origin: string;
  /** Makes the stores below this path, durably. */
  readonly fill: (storesPath: string) => Promise<void>;
}

/**
 * Creates a directory around stores restored from a backup; it must be absent or empty. FORMAT comes last, so a directory whose restore was cut off is
 * no data directory and is refused by {@link openDataDirectory}; after a failure the stores are removed. Fails with {@link DataDirectoryError}, DiskError or
 * what `fill` throws.
 */
export async function createRestoredDirectory(
  deps: DataDirectoryDeps,
  options: DataDirectoryOptions,
  { origin, fill }: RestoredContent,
): Promise<NodeIdentity> {
  const { disk } = deps;
  const { path } = options;
  await requireEmptyDirectory(disk, path);
  await disk.makeDir(path);
  const lock = await disk.lock(`${path}/LOCK`);
  if (lock === undefined) {
    throw new DataDirectoryError('DATA_DIR_LOCKED', path, `the data directory ${path} is in use by another process`);
  }
  try {
    await requireEmptyDirectory(disk, path);
    try {
      deps.failpoints?.hit('restoreBeforeFill');
      await fill(`${path}/shards`);
      deps.failpoints?.hit('restoreAfterFill');
    } catch (error) {
      await disk.remove(`${path}/shards`);
      throw error;
    }
    await create(deps, options, origin);
    deps.failpoints?.hit('restoreAfterCreate');
    return await readIdentity(disk, options);
  } finally {
    await lock.release();
  }
}

/** Fails with DATA_DIR_NOT_EMPTY unless the directory is absent or empty. */
export async function requireEmptyDirectory(disk: Disk, path: string): Promise<void> {
  const names = (await disk.exists(path)) ? await disk.list(path) : [];
  const found = names.find((name) => !LOCK_NAME.test(name));
  if (found === undefined) return;
  const what = `${path} is not empty (it holds ${found}); a restore needs an empty or a new directory`;
  throw new DataDirectoryError('DATA_DIR_NOT_EMPTY', path, what);
}

/** The same for a node without a disk: a new incarnation with each start, nothing remembered. */
export function openMemoryDirectory(
  random: Random,
  options: Omit<DataDirectoryOptions, 'path'>,
): Pick<DataDirectory, 'identity' | 'incarnations'> {
  const { nodeId, clusterId, configuredNodes } = options;
  const identity = { nodeId, clusterId, incarnation: drawIncarnation(random) };
  const owner = { nodeId, incarnation: identity.incarnation, configuredNodes };
  return { identity, incarnations: new IncarnationRegistry(owner, () => Promise.resolve()) };
}

/**
 * Answers whether the directory has still to be created: it is empty, or a creation ended before FORMAT was there, which is written last.
 * Refuses one with other content but no FORMAT.
 */
async function refuseForeign(disk: Disk, path: string): Promise<boolean> {
  const names = await disk.list(path);
  if (names.includes('FORMAT')) return false;
  const foreign = names.find((name) => !OWN_BEFORE_FORMAT.test(name));
  if (foreign === undefined) return true;
  const what = `${path} is not empty (it holds ${foreign}) and not a kvorum data directory`;
  throw new DataDirectoryError('DATA_DIR_FOREIGN', path, `${what}; choose an empty or a new directory`);
}

/** Nobody has seen this incarnation before FORMAT is there, so an unfinished creation is simply done again. */
async function create(
  deps: DataDirectoryDeps,
  options: DataDirectoryOptions,
  origin: string | undefined,
): Promise<void> {
  const { random, clock } = deps;
  const { path, nodeId, configuredNodes } = options;
  const incarnation = drawIncarnation(random);
  const clusterId = clusterIdOf(options, origin);
  const createdMs = Math.floor(clock.wallMs());
  const restored = origin === undefined ? {} : { origin };
  const identity = { format: IDENTITY_FORMAT, nodeId, clusterId, incarnation, createdMs, ...restored };
  await replaceFile(deps, `${path}/IDENTITY`, seal(identity), 'identity');
  const registry = new IncarnationRegistry({ nodeId, incarnation, configuredNodes }, () => Promise.resolve());
  await replaceFile(deps, `${path}/INCARNATIONS`, registry.encode(), 'registry');
  const format = seal({ program: 'kvorum', format: DATA_DIRECTORY_FORMAT });
  await replaceFile(deps, `${path}/FORMAT`, format, 'format');
}

async function checkFormat(disk: Disk, path: string): Promise<void> {
  const file = `${path}/FORMAT`;
  const content = await readSealed(disk, file);
  const format = content?.['format'];
  if (content?.['program'] !== 'kvorum' || !isCount(format, 1)) throw new SealedFileError(file, 'it tells no format');
  if (format === DATA_DIRECTORY_FORMAT) return;
  const what = `the data directory ${path} has format ${format}`;
  const reads = `this version of kvorum reads format ${DATA_DIRECTORY_FORMAT}`;
  throw new DataDirectoryError('DATA_DIR_NEWER_FORMAT', path, `${what}, ${reads}; start a newer version on it`);
}

async function readIdentity(disk: Disk, options: DataDirectoryOptions): Promise<NodeIdentity> {
  const { path } = options;
  const file = `${path}/IDENTITY`;
  const content = await readSealed(disk, file);
  if (content === undefined) throw new SealedFileError(file, 'it is missing');
  const { format, nodeId, clusterId, incarnation, origin } = content;
  if (origin !== undefined && !isHexId(origin)) throw new SealedFileError(file, 'a field is wrong');
  const expected = clusterIdOf(options, origin);
  const isWhole = format === IDENTITY_FORMAT && isCount(nodeId, 1) && isHexId(clusterId) && isHexId(incarnation);
  if (!isWhole) throw new SealedFileError(file, 'a field is wrong');
  if (nodeId !== options.nodeId) {
    const what = `the data directory ${path} belongs to node ${nodeId}, not to node ${options.nodeId}`;
    throw new DataDirectoryError('DATA_DIR_OTHER_NODE', path, what);
  }
  if (clusterId !== expected) {
    const what = `the data directory ${path} belongs to cluster ${clusterId}, not to ${expected}`;
    throw new DataDirectoryError('DATA_DIR_OTHER_CLUSTER', path, what);
  }
  return { nodeId, clusterId, incarnation };
}

function clusterIdOf({ clusterId }: DataDirectoryOptions, origin: string | undefined): string {
  return origin === undefined ? clusterId : restoredClusterId(clusterId, origin);
}

async function openIncarnations(
  deps: DataDirectoryDeps,
  identity: NodeIdentity,
  options: DataDirectoryOptions,
): Promise<IncarnationStore> {
  const { disk } = deps;
  const file = `${options.path}/INCARNATIONS`;
  if (!(await disk.exists(file))) throw new SealedFileError(file, 'it is missing');
  const { nodeId, incarnation } = identity;
  const owner = { nodeId, incarnation, configuredNodes: options.configuredNodes };
  const save = (content: Uint8Array) => replaceFile(deps, file, content, 'registry');
  return new IncarnationRegistry(owner, save, await disk.readFile(file));
}

function drawIncarnation(random: Random): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a path makes of a first look at it when it can't be a data directory; other failures are the disk's. */
function unusable(path: string, error: unknown): unknown {
  const why = error instanceof DiskError ? unusableReasons.get(error.code) : undefined;
  if (why === undefined) return error;
  return new DataDirectoryError('DATA_DIR_UNUSABLE', path, `${path} can't be the data directory: ${why}`, error);
}

const unusableReasons: ReadonlyMap<string, string> = new Map([
  ['ENOTDIR', 'it, or a part of it, is a file'],
  ['EEXIST', 'it is a file'],
  ['ENOENT', 'it can not be made there'],
  ['EACCES', 'this user may not use it'],
  ['EPERM', 'this user may not use it'],
  ['EROFS', 'the file system is read-only'],
]);
