/** One address that may be dialled: its channel, what is known about the server behind it, how it did lately, and counters. */
import type { Channel, Connections } from '../base/deps.js';

/** Calls that wait for different things, and therefore don't share messages. */
export const Lane = {
  /** Writes: a quorum's disks. */
  write: 0,
  /** Linearizable reads: a round of heartbeats. */
  read: 1,
  /** Reads of what a server has: nothing. */
  localRead: 2,
  /** Reads that followers were too far behind for. */
  leaderRead: 3,
} as const;

export type LaneIndex = (typeof Lane)[keyof typeof Lane];

/** What GetServers tells of one server. */
export interface ServerInfo {
  /** The node's id. */
  readonly id: string;
  /** `host:port` for clients. */
  readonly address: string;
  readonly isLeader: boolean;
  readonly role: 'leader' | 'follower' | 'learner' | 'unknown';
  /** Empty when none was configured. */
  readonly zone: string;
  /** Empty when it is not known. */
  readonly version: string;
  /** The server that was asked is connected with it, or is it. */
  readonly isConnected: boolean;
}

/** What went to one server. */
export interface ServerStats {
  readonly address: string;
  readonly reads: number;
  readonly writes: number;
  /** Attempts that failed for reasons of the server or of its connection. */
  readonly failures: number;
  /** Messages with several calls. */
  readonly batches: number;
}

/** How long a server is avoided after its first failure; doubles with each further one. */
const avoidMs = 100;
const avoidMsMax = 5_000;

export class Endpoint {
  readonly address: string;
  readonly isSeed: boolean;
  /** What is known; undefined: not on the list of servers. */
  info: ServerInfo | undefined = undefined;
  /** Whether the list that it told last was of this cluster; undefined: it has told none. */
  toldOurs: boolean | undefined = undefined;
  /** Its failures since it last did something. */
  failuresInRow = 0;
  /** Others are preferred until then. */
  avoidUntilMs = 0;
  /** Messages under way, by lane. */
  readonly inFlight: [number, number, number, number] = [0, 0, 0, 0];
  reads = 0;
  writes = 0;
  failures = 0;
  batches = 0;
  readonly #connections: Connections;
  #channel: Channel | undefined = undefined;

  constructor(connections: Connections, address: string, isSeed: boolean) {
    this.#connections = connections;
    this.address = address;
    this.isSeed = isSeed;
  }

  get channel(): Channel {
    this.#channel ??= this.#connections.open(this.address);
    return this.#channel;
  }

  get isIdle(): boolean {
    return this.inFlight.every((count) => count === 0);
  }

  get stats(): ServerStats {
    const { address, reads, writes, failures, batches } = this;
    return { address, reads, writes, failures, batches };
  }

  /** A message with so many calls is on its way to it. */
  sent(lane: LaneIndex, operations: number): void {
    this.inFlight[lane] += 1;
    if (lane === Lane.write) this.writes += operations;
    else this.reads += operations;
    if (operations > 1) this.batches += 1;
  }

  /** It did what it was asked for. */
  succeeded(): void {
    if (this.failuresInRow === 0) return;
    this.failuresInRow = 0;
    this.avoidUntilMs = 0;
  }

  /** It, or the way to it, failed. Failures at the same time, of messages that were under way together, count once. */
  failed(nowMs: number): void {
    this.failures += 1;
    if (nowMs < this.avoidUntilMs) return;
    this.avoidUntilMs = nowMs + Math.min(avoidMs * 2 ** this.failuresInRow, avoidMsMax);
    this.failuresInRow += 1;
  }

  async close(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close();
  }
}
