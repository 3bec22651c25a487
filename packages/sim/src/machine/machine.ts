/**
 * One machine of the simulated cluster: disk, stores and clock that outlive its process, and the production node that runs on it. A process ends
 * by being left alone for good (nothing of it ever runs again), never by an orderly close.
 */
import type { Env, Log, Random } from '@kvorum/server/internal/env/env.js';
import type { Network } from '@kvorum/server/internal/env/network.js';
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import { MemoryDisk } from '@kvorum/server/internal/env/testing/memory-disk.js';
import type { MemoryNetwork } from '@kvorum/server/internal/env/testing/memory-network.js';
import { noProbe } from '@kvorum/server/internal/env/testing/no-probe.js';
import { type KvorumNode, type StartOptions, startNode } from '@kvorum/server/internal/node.js';
import type { LogWindow } from '@kvorum/server/internal/shard/log/log-window.js';
import type { ShardHost } from '@kvorum/server/internal/shard/shard-host.js';
import { MemoryStoreDisk } from '@kvorum/server/internal/storage/memory-revision-store.js';
import type { StoreKind } from '@kvorum/server/internal/storage/revision-store.js';
import { clientPort, serveClients } from '../api-clients/client-face.js';
import type { Knobs } from '../knobs.js';
import { stream } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import { DiskWeather } from './disk-weather.js';
import { loggedNetwork } from './logged-network.js';
import { Misreader } from './misreader.js';
import { type Pace, Processor } from './processor.js';
import { wholeLog } from './whole-log.js';

/** What a machine tells the world. */
export interface MachineEvents {
  log(who: string, what: string): void;
  /** The node of the machine runs. */
  onUp(machine: Machine): void;
  /** The node ended by itself, or would not start. */
  onFailed(machine: Machine, error: unknown): void;
  /** The node says that a replica's role is another now. */
  onRole(machine: Machine, shard: number, role: string, term: number): void;
  /** The process has come to a failpoint; a power cut in here is one at exactly that point. */
  onFailpoint(machine: Machine, name: Failpoint): void;
  /** A cut did this to what was not synced. */
  onCut(fate: string, count: number): void;
  /** Entries were read back from a log on disk for somebody who needs what is not in memory. */
  onReadBack(entries: number): void;
}

export interface MachineDeps {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly queue: EventQueue;
  readonly network: MemoryNetwork;
  readonly events: MachineEvents;
}

/** A range of bytes of a file. */
export interface AppendPlace {
  readonly path: string;
  readonly position: number;
  readonly length: number;
}

const APPENDS_KEPT = 32;

export const peerPort = 2380;

export class Machine {
  readonly id: number;
  readonly name: string;
  readonly weather: DiskWeather;
  readonly pace: Pace;
  disk = new MemoryDisk();
  node: KvorumNode | undefined;
  shards: ShardHost | undefined;
  /** By shard, all that the logs of the running process hold. */
  logs = new Map<number, LogWindow>();
  processor: Processor | undefined;
  /** Starts of a process so far. */
  starts = 0;
  /** Synced bytes were destroyed: the node may find itself damaged, and refuse. */
  isDamaged = false;
  /** The directory was lost: the others refuse the node, for good. */
  isWiped = false;
  /** It found itself damaged or refused, and stays down. */
  isDoomed = false;
  /** A call failed on purpose: the node ends by it. */
  isFailureExpected = false;
  /** Where the log writer's newest appends went, the newest last. */
  appends: AppendPlace[] = [];
  /** Carries out one entry wrongly, once it is armed. */
  readonly misreader: Misreader;
  #stores: MemoryStoreDisk;
  #wasFormed = false;
  readonly #deps: MachineDeps;
  readonly #random: Random;

  constructor(id: number, deps: MachineDeps) {
    this.id = id;
    this.name = `n${id}`;
    this.#deps = deps;
    this.#random = stream(deps.seed, this.name);
    this.pace = { rate: 1, turnMsMax: deps.knobs.turnMs, lookMsMax: 0, wallOffsetMs: 0 };
    this.weather = new DiskWeather(deps.queue, stream(deps.seed, `${this.name} disk`), deps.knobs.diskMs);
    this.#stores = this.#newStores();
    this.misreader = new Misreader((index) => this.#say(`carries out entry ${index} wrongly`));
  }

  get isOn(): boolean {
    return this.processor !== undefined;
  }

  get isUp(): boolean {
    return this.node !== undefined;
  }

  /** The last two appends, of which one is the last synced: they are never damaged (R2). */
  get lastAppends(): readonly AppendPlace[] {
    return this.appends.slice(-2);
  }

  /** Whether the node has taken part in its cluster at some time. */
  noteFormed(): boolean {
    this.#wasFormed ||= this.node?.status().state === 'running';
    return this.#wasFormed;
  }

  /** Starts a process on what the disk holds. */
  start(): void {
    if (this.isOn) return;
    const { queue, events } = this.#deps;
    this.starts += 1;
    this.#say(`start ${this.starts}`);
    const random = stream(this.#deps.seed, `${this.name} process ${this.starts}`);
    const log = (what: string): void => {
      if (!processor.isDead) this.#say(what);
    };
    const processor: Processor = new Processor({ queue, random, pace: this.pace, log });
    this.processor = processor;
    this.disk.faults.delay = (operation, path) => this.weather.pass(processor, operation, path, log);
    const whenMine = (run: () => void): void => {
      if (this.processor === processor) run();
    };
    startNode(this.#options(), {
      env: this.#env(processor, random),
      storeKind: this.#storeKind(processor),
      flushPolicy: {
        rows: this.#deps.knobs.flushRows,
        bytes: 4 * 1024 * 1024,
        ageMsMax: this.#deps.knobs.flushAgeMs,
      },
      probe: noProbe,
      comparison: { entries: this.#deps.knobs.compareEntries, ms: this.#deps.knobs.compareMs },
      misread: this.misreader.read,
      firstMembers: { voters: firstVotersOf(this.#deps.knobs) },
      inspect: (host) => whenMine(() => this.#inspect(host)),
    }).then(
      (node) =>
        whenMine(() => {
          this.node = node;
          if (this.#servesClients) this.#serveClients(node, processor);
          node.closed.catch((error: unknown) => whenMine(() => this.#failed(error)));
          this.#say('up');
          events.onUp(this);
        }),
      (error: unknown) => whenMine(() => this.#failed(error)),
    );
  }

  /** The process is killed; the system and its caches stay. */
  kill(): void {
    if (!this.isOn) return;
    this.#say('killed');
    this.#endProcess();
    this.disk = this.disk.afterProcess();
  }

  /** The power goes: what was not synced may be gone, in part or all of it. */
  cutPower(): void {
    this.#say('power cut');
    this.#endProcess();
    const tally = {};
    this.disk = this.disk.cut(this.#random, tally);
    this.#stores.crash(this.#random);
    for (const [fate, count] of Object.entries<number>(tally)) this.#deps.events.onCut(fate, count);
  }

  /** The end of the run. */
  abandon(): void {
    this.#endProcess();
  }

  /** The disk has so many bytes from now on; undefined: as many as it needs. */
  setCapacity(bytes: number | undefined): void {
    this.disk.capacityBytes = bytes ?? new MemoryDisk().capacityBytes;
  }

  /** Good weather: everything on the machine works as it should, but for what was destroyed. */
  heal(): void {
    this.weather.clear();
    this.setCapacity(undefined);
    this.pace.turnMsMax = this.#deps.knobs.turnMs;
    this.pace.lookMsMax = 0;
    if (this.processor === undefined) this.pace.rate = 1;
    else this.processor.setRate(1);
    this.processor?.resume();
  }

  /** Everything on disk is gone. */
  wipe(): void {
    this.#say('wiped');
    this.#endProcess();
    this.disk = new MemoryDisk();
    this.#stores = this.#newStores();
    this.appends = [];
    this.isWiped = true;
  }

  #inspect(host: ShardHost): void {
    this.shards = host;
    const onReadBack = (entries: number): void => this.#deps.events.onReadBack(entries);
    this.logs = new Map([...host.all].map(({ shard, replica }) => [shard, wholeLog(replica.log, onReadBack)]));
  }

  #failed(error: unknown): void {
    this.#say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    this.#endProcess();
    this.disk = this.disk.afterProcess();
    this.#deps.events.onFailed(this, error);
  }

  /** Nothing of the process goes on, though the code that runs now may do so to the end of its turn: nothing it calls has an effect. */
  #endProcess(): void {
    this.processor?.end();
    this.disk.faults.halt();
    this.processor = undefined;
    this.node = undefined;
    this.shards = undefined;
    this.#deps.network.stopHost(this.name);
  }

  #newStores(): MemoryStoreDisk {
    const step = (name: string) => (): Promise<void> => {
      const { processor } = this;
      return processor === undefined
        ? new Promise(() => {})
        : this.weather.pass(processor, name, 'store', (what) => this.#say(what));
    };
    return new MemoryStoreDisk({ commit: step('storeCommit'), flush: step('storeFlush') });
  }

  get #servesClients(): boolean {
    return this.#deps.knobs.apiClients > 0;
  }

  #serveClients(node: KvorumNode, processor: Processor): void {
    const { misreader } = this;
    const [network, log] = [this.#network(processor), this.#log({}, processor)];
    serveClients(this.name, { node, processor, network, log, misreader });
  }

  #network(processor: Processor): Network {
    const log = (what: string): void => {
      if (!processor.isDead) this.#say(what);
    };
    return loggedNetwork({ network: this.#deps.network.host(this.name), processor, log });
  }

  #env(processor: Processor, random: Random): Env {
    const network = this.#network(processor);
    const failpoints = {
      hit: (name: Failpoint): void => {
        if (!processor.isDead) this.#deps.events.onFailpoint(this, name);
      },
    };
    const log = this.#log({}, processor);
    return { clock: processor, random, disk: this.#watched(this.disk, processor), network, log, failpoints };
  }

  #storeKind(processor: Processor): StoreKind {
    const { open, checkExisting } = this.#stores;
    return { open: (path) => (processor.isDead ? new Promise(() => {}) : open(path)), checkExisting };
  }

  /** Remembers where the log writer wrote last. */
  #watched(disk: MemoryDisk, processor: Processor): MemoryDisk {
    const open = disk.openLogWriter.bind(disk);
    disk.openLogWriter = async () => {
      const writer = await open();
      const append = writer.append.bind(writer);
      writer.append = (request, done) => {
        if (processor.isDead) return;
        const { path, position, bytes } = request;
        this.appends.push({ path, position, length: bytes.length });
        if (this.appends.length > APPENDS_KEPT) this.appends.shift();
        append(request, done);
      };
      return writer;
    };
    return disk;
  }

  #log(fields: object, processor: Processor): Log {
    const write = (message: string, more: object = {}): void => {
      if (processor.isDead) return;
      // A stack tells of files and differs between versions of Node.
      const all = { ...fields, ...more, stack: undefined };
      this.#say(`${message} ${JSON.stringify(all)}`);
      if (message !== 'role changed') return;
      const { shard, role, term } = Object.assign({ shard: 0, role: '', term: 0 }, all);
      this.#deps.events.onRole(this, shard, role, term);
    };
    return {
      debug: () => undefined,
      info: write,
      warn: write,
      error: write,
      isDebug: false,
      child: (more) => this.#log({ ...fields, ...more }, processor),
    };
  }

  #options(): StartOptions {
    const { knobs } = this.#deps;
    const ids = Array.from({ length: knobs.nodes }, (_, i) => i + 1);
    return {
      nodeId: this.id,
      peers: Object.fromEntries(ids.map((id) => [id, `n${id}:${peerPort}`])),
      dataDir: '/data',
      clientAddress: 'off',
      advertiseClientAddress: this.#servesClients ? `${this.name}:${clientPort}` : undefined,
      diskReserveBytes: 0,
      heartbeatMs: knobs.heartbeatMs,
      electionTimeoutMs: knobs.electionTimeoutMs,
      linearizableReads: knobs.linearizableReads,
      clockDriftBound: knobs.clockDriftBound,
      requestTimeoutMs: knobs.requestTimeoutMs,
      walSegmentBytes: knobs.segmentBytes,
      logRetainBytes: knobs.logRetainBytes,
      logRetainBytesNode: 2 * knobs.logRetainBytes,
      logWindowBytes: knobs.logWindowBytes,
      maxInflightMessages: knobs.maxInflightMessages,
    };
  }

  #say(what: string): void {
    this.#deps.events.log(this.name, what);
  }
}

/** Who votes in the beginning. */
export function firstVotersOf({ firstVoters, nodes }: Pick<Knobs, 'firstVoters' | 'nodes'>): number[] {
  return Array.from({ length: Math.min(Math.max(1, firstVoters), nodes) }, (_, i) => i + 1);
}
