/**
 * Which incarnation each configured node has, and which of them have synced ours (architecture 7).
 *
 * Both facts are needed before a node of a new static cluster may vote or acknowledge. Knowing the others is not enough: a node that voted before the others
 * had synced *its* incarnation could be wiped, come back as one never met, and vote again in the same term (R5).
 *
 * On disk: the sealed file INCARNATIONS, replaced whole at each change. A node that leaves the configuration keeps its line.
 */
import { assert } from '@kvorum/core/base/assert.js';
import { isCount, isHexId, isObject, type SealedContent, SealedFileError, seal, unseal } from './sealed-file.js';

/** Version of the registry's file. */
const REGISTRY_FORMAT = 1;

/** Durable map nodeId → incarnation; satisfies the transport's IncarnationRegistry. Calls for one node may overlap; each resolves when synced. */
export interface IncarnationStore {
  /** The registered incarnation of a configured node; undefined: not met yet; `unknownNode`: not configured. */
  lookup(nodeId: number): string | undefined | 'unknownNode';
  /**
   * Registers a node met for the first time; resolves when synced, `lookup` answers it from then on. The same incarnation again is fine and waits for a sync
   * under way; another incarnation for a known or just registering node is an assertion failure.
   */
  register(nodeId: number, incarnation: string): Promise<void>;
  /** Whether the (configured) node has told that it synced this node's incarnation, and that is synced here. */
  isConfirmed(nodeId: number): boolean;
  /** Notes that a registered node has synced this node's incarnation; resolves when synced. Confirming again is fine. */
  confirm(nodeId: number): Promise<void>;
  /** Whether every configured node but this one is registered and confirmed: from then on, for good, this node may vote and acknowledge. */
  isComplete(): boolean;
}

/** Whose registry it is and which nodes it is about. */
export interface IncarnationOwner {
  readonly nodeId: number;
  readonly incarnation: string;
  readonly configuredNodes: readonly number[];
}

/** Replaces the registry's file; resolves when synced. A rejection is final (R17). */
export type SaveIncarnations = (content: Uint8Array) => Promise<void>;

interface Entry {
  readonly incarnation: string;
  readonly isConfirmed: boolean;
}

/** The registry over one file, or in memory when `save` does nothing. */
export class IncarnationRegistry implements IncarnationStore {
  readonly #owner: IncarnationOwner;
  readonly #save: SaveIncarnations;
  readonly #configured: ReadonlySet<number>;
  /** What calls have asked for; becomes {@link #synced} when it is on disk. */
  readonly #wanted: Map<number, Entry>;
  #synced: ReadonlyMap<number, Entry>;
  #wantedVersion = 0;
  #syncedVersion = 0;
  #lastSave: Promise<void> = Promise.resolve();

  constructor(owner: IncarnationOwner, save: SaveIncarnations, saved?: Uint8Array) {
    this.#owner = owner;
    this.#save = save;
    this.#configured = new Set(owner.configuredNodes);
    this.#wanted = saved === undefined ? new Map() : parseRegistry(saved, owner.incarnation);
    this.#synced = new Map(this.#wanted);
  }

  lookup(nodeId: number): string | undefined | 'unknownNode' {
    if (nodeId === this.#owner.nodeId) return this.#owner.incarnation;
    return this.#configured.has(nodeId) ? this.#synced.get(nodeId)?.incarnation : 'unknownNode';
  }

  async register(nodeId: number, incarnation: string): Promise<void> {
    assert(this.#isOther(nodeId), 'register of a node that is not configured');
    assert(isHexId(incarnation), 'an incarnation has 16 hex digits');
    const known = this.#wanted.get(nodeId);
    assert(known === undefined || known.incarnation === incarnation, 'another incarnation is registered for this node');
    if (known === undefined) this.#want(nodeId, { incarnation, isConfirmed: false });
    await this.#sync();
  }

  isConfirmed(nodeId: number): boolean {
    return this.#isOther(nodeId) && this.#synced.get(nodeId)?.isConfirmed === true;
  }

  async confirm(nodeId: number): Promise<void> {
    const known = this.#wanted.get(nodeId);
    assert(this.#isOther(nodeId) && known !== undefined, 'confirm of a node that is not registered');
    if (!known.isConfirmed) this.#want(nodeId, { ...known, isConfirmed: true });
    await this.#sync();
  }

  isComplete(): boolean {
    return this.#owner.configuredNodes.every((nodeId) => nodeId === this.#owner.nodeId || this.isConfirmed(nodeId));
  }

  /** Content of the file as of the calls so far. */
  encode(): Uint8Array {
    const nodes = [...this.#wanted]
      .sort(([a], [b]) => a - b)
      .map(([nodeId, { incarnation, isConfirmed }]) => ({ nodeId, incarnation, isConfirmed }));
    return seal({ format: REGISTRY_FORMAT, owner: this.#owner.incarnation, nodes });
  }

  #isOther(nodeId: number): boolean {
    return nodeId !== this.#owner.nodeId && this.#configured.has(nodeId);
  }

  #want(nodeId: number, entry: Entry): void {
    this.#wanted.set(nodeId, entry);
    this.#wantedVersion += 1;
  }

  /** Resolves when everything wanted by now is synced. Saves run one after the other; one save takes all that came meanwhile. */
  #sync(): Promise<void> {
    const version = this.#wantedVersion;
    if (this.#syncedVersion >= version) return Promise.resolve();
    this.#lastSave = this.#lastSave.then(() => this.#saveUpTo(version));
    return this.#lastSave;
  }

  async #saveUpTo(version: number): Promise<void> {
    if (this.#syncedVersion >= version) return;
    const saving = new Map(this.#wanted);
    const savingVersion = this.#wantedVersion;
    await this.#save(this.encode());
    this.#synced = saving;
    this.#syncedVersion = savingVersion;
  }
}

/** Reads the file's lines. `owner` guards against a file copied from another directory. @throws SealedFileError */
function parseRegistry(bytes: Uint8Array, owner: string): Map<number, Entry> {
  const content: SealedContent = unseal('INCARNATIONS', bytes);
  const damaged = (reason: string) => new SealedFileError('INCARNATIONS', reason);
  if (content['format'] !== REGISTRY_FORMAT) throw damaged(`unknown format ${String(content['format'])}`);
  if (content['owner'] !== owner) throw damaged('it belongs to another data directory');
  if (!Array.isArray(content['nodes'])) throw damaged('it lists no nodes');
  const nodes: readonly unknown[] = content['nodes'];
  const entries = new Map<number, Entry>();
  for (const node of nodes) {
    const { nodeId, incarnation, isConfirmed } = isObject(node) ? node : {};
    const isWhole = isCount(nodeId, 1) && isHexId(incarnation) && typeof isConfirmed === 'boolean';
    if (!isWhole || entries.has(nodeId)) throw damaged('a line is wrong');
    entries.set(nodeId, { incarnation, isConfirmed });
  }
  return entries;
}
