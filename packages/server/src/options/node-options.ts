/**
 * The options of a node: what a caller may give (`NodeOptions`) and the complete form that everything inside works with
 * (`ResolvedNodeOptions`). Ranges, defaults and names on the command line are in `option-table.ts`.
 *
 * This file holds types only.
 */
import type { Address } from '../env/network.js';

/**
 * Options of a node. All are optional: `{}` is a single node that keeps its data in `./kvorum-data`.
 * Numbers outside their range are refused with an {@link OptionError} that names the option and the range.
 */
export interface NodeOptions {
  /** This node's id, unique in the cluster and never reused with another data directory. 1 to 65,535; default 1. */
  readonly nodeId?: number | undefined;
  /** Nodes of differently named clusters refuse each other. 1 to 64 letters, digits, `.`, `_` or `-`; default `kvorum`. */
  readonly clusterName?: string | undefined;
  /** Where this node stands, such as a data center or a rack: told to clients, which may prefer their own. 1 to 64 letters, digits, `.`, `_` or `-`, or `none` (default). */
  readonly zone?: string | undefined;
  /** Where `disk` storage lives; made when absent; one process at a time. Default `./kvorum-data`. */
  readonly dataDir?: string | undefined;
  /** `disk` (default) is durable; `memory` loses everything when the process ends. */
  readonly storage?: 'disk' | 'memory' | undefined;
  /**
   * The voters of the cluster: node id → `host:port` of its peer port, 1 to 9 of them, the same on every node. This node itself may be
   * left out. Default: this node alone. An odd number is best: four nodes survive no more failures than three.
   */
  readonly peers?: Readonly<Record<number, string>> | undefined;
  /** Where other nodes connect, `host:port`; port 0 takes a free one. Default: own address in `peers`, else `127.0.0.1:2380`. */
  readonly peerAddress?: string | undefined;
  /** Where clients connect, `host:port`; port 0 takes a free one; `off` opens no client port. Default `127.0.0.1:2379`. */
  readonly clientAddress?: string | undefined;
  /** The client address told to other nodes and clients when it differs from `clientAddress` (a container, a proxy). Default: as bound. */
  readonly advertiseClientAddress?: string | undefined;
  /** Serves `/Set/{key}/{value}`, `/Get`, `/Delete`, `/isLeader` and `/Health`. They write by GET: for demonstrations only. Default false. */
  readonly demoRoutes?: boolean | undefined;
  /** Makes a span of each call for the OpenTelemetry SDK that the program has registered; `traceparent` is taken over. Default false. */
  readonly tracing?: boolean | undefined;

  /** A leader's heartbeat interval in ms, 10 to 10,000. Default 100. */
  readonly heartbeatMs?: number | undefined;
  /** A follower that hears nothing for this long (randomized up to twice) asks for an election. At least 3 × `heartbeatMs`. Default 700. */
  readonly electionTimeoutMs?: number | undefined;
  /**
   * How a linearizable read knows that its leader still leads. `readIndex` (default): a majority is asked, no clock is trusted. `lease`: a majority is asked
   * once in a while and promises to elect nobody else for some time; nothing more is asked meanwhile. Trusts `clockDriftBound` and needs to be
   * set on a majority of nodes to have an effect. A lease lasts (`electionTimeoutMs` - 2 × `heartbeatMs`) × (1 - bound) / (1 + bound).
   */
  readonly linearizableReads?: 'readIndex' | 'lease' | undefined;
  /** For lease reads: every node's clock runs as fast as true time but for this fraction, 0.001 to 0.5. Default 0.05. */
  readonly clockDriftBound?: number | undefined;
  /** A request without an answer ends with an error after this many ms, 100 to 60,000. Default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Time for a connection to another node, 10 to 60,000 ms. Default 1,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long `close()` waits for open requests, 0 to 600,000 ms. Default 5,000. */
  readonly drainTimeoutMs?: number | undefined;

  /** Size of one write-ahead log segment in bytes, 4 KiB to 1 GiB. Default 64 MiB. */
  readonly walSegmentBytes?: number | undefined;
  /** Applied log entries kept per shard for followers that lag, in bytes; past it they get a snapshot. Default 64 MiB. */
  readonly logRetainBytes?: number | undefined;
  /** The same cap over all shards of the node; at least `logRetainBytes`. Default 256 MiB. */
  readonly logRetainBytesNode?: number | undefined;
  /** Newest part of a shard's log that is kept in memory, 0 to 16 GiB; followers that lag further are served from disk. Default 16 MiB. */
  readonly logWindowBytes?: number | undefined;
  /** Memory for records that are applied but not yet flushed, and recent history, per shard, in bytes. Default 64 MiB. */
  readonly ringBytes?: number | undefined;
  /** Below this much free disk space writes are refused with NO_SPACE while deletes still work. Default 256 MiB. */
  readonly diskReserveBytes?: number | undefined;

  /** Log messages on their way to one follower at once, 1 to 1,024. Default 8. */
  readonly maxInflightMessages?: number | undefined;
  /** Bytes of log entries on their way to one follower at once. Default 8 MiB. */
  readonly maxInflightBytes?: number | undefined;
  /** Bytes queued for one other node before messages to it are dropped. Default 64 MiB. */
  readonly peerQueueBytes?: number | undefined;
  /** Bytes of requests waiting in this node before it answers TOO_MANY_REQUESTS. Default 64 MiB. */
  readonly requestQueueBytes?: number | undefined;
  /** Requests waiting in this node before it answers TOO_MANY_REQUESTS. Default 20,000. */
  readonly requestQueueCount?: number | undefined;
  /** Open client connections; more are closed at once. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** Limit on snapshot sending per node in bytes per second; 0 is no limit (default). */
  readonly snapshotBytesPerSecond?: number | undefined;
}

/** Every option with its value, parsed and checked. */
export interface ResolvedNodeOptions {
  readonly nodeId: number;
  readonly clusterName: string;
  /** Undefined: none. */
  readonly zone: string | undefined;
  readonly dataDir: string;
  readonly storage: 'disk' | 'memory';
  /** All voters, this node included, by ascending id. */
  readonly peers: ReadonlyMap<number, Address>;
  readonly peerAddress: Address;
  /** Undefined: no client port. */
  readonly clientAddress: Address | undefined;
  /** Undefined: the client address as bound. */
  readonly advertiseClientAddress: Address | undefined;
  readonly demoRoutes: boolean;
  readonly tracing: boolean;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
  readonly linearizableReads: 'readIndex' | 'lease';
  readonly clockDriftBound: number;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly walSegmentBytes: number;
  readonly logRetainBytes: number;
  readonly logRetainBytesNode: number;
  readonly logWindowBytes: number;
  readonly ringBytes: number;
  readonly diskReserveBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly peerQueueBytes: number;
  readonly requestQueueBytes: number;
  readonly requestQueueCount: number;
  readonly maxConnections: number;
  readonly snapshotBytesPerSecond: number;
}

/** The name of an option: its property in {@link NodeOptions} and its key in a YAML file. */
export type OptionName = keyof ResolvedNodeOptions;
