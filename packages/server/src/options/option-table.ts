/**
 * The one table of a node's options. Flags, environment variables, YAML keys, defaults, range checks, `kvorum config` and the tables in
 * docs/configuration.md and docs/limits.md all come from here.
 */
import { clientPortDefault, peerPortDefault } from '@kvorum/protocol';
import type { OptionName, ResolvedNodeOptions } from './node-options.js';
import {
  address,
  addressOr,
  boolean,
  fraction,
  integer,
  nameOr,
  nameText,
  type OptionKind,
  oneOf,
  path,
  peerMap,
} from './option-kinds.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

/** The largest node id. */
export const nodeIdMax = 65_535;
/** The most voters of a static cluster. */
export const votersMax = 9;

export type OptionGroup = 'Identity' | 'Network' | 'Timing' | 'Storage' | 'Limits';

/** One option. */
export interface OptionRow<T> {
  readonly group: OptionGroup;
  readonly kind: OptionKind<T>;
  readonly default: T;
  /** The default in words, where the value alone would not tell. */
  readonly defaultWords?: string;
  /** One line, no period. */
  readonly description: string;
}

export type OptionTable = { readonly [Name in OptionName]: OptionRow<ResolvedNodeOptions[Name]> };

export const optionTable: OptionTable = {
  nodeId: {
    group: 'Identity',
    kind: integer(1, nodeIdMax, 'count'),
    default: 1,
    description: "this node's id, unique in the cluster and bound to its data directory",
  },
  clusterName: {
    group: 'Identity',
    kind: nameText(64),
    default: 'kvorum',
    description: 'nodes of differently named clusters refuse each other',
  },
  zone: {
    group: 'Identity',
    kind: nameOr(64, 'none'),
    default: undefined,
    description: 'where this node stands, such as a data center; told to clients, which may prefer their own',
  },
  dataDir: {
    group: 'Storage',
    kind: path(),
    default: './kvorum-data',
    description: 'directory of the data, made when absent; one process at a time',
  },
  storage: {
    group: 'Storage',
    kind: oneOf(['disk', 'memory']),
    default: 'disk',
    description: 'disk is durable; memory loses everything when the process ends',
  },
  peers: {
    group: 'Network',
    kind: peerMap(votersMax, nodeIdMax),
    default: new Map(),
    defaultWords: 'this node alone',
    description: `the voters of the cluster and their peer ports, 1 to ${votersMax}, the same on every node; this node may be left out`,
  },
  peerAddress: {
    group: 'Network',
    kind: address(0),
    default: { host: '127.0.0.1', port: peerPortDefault },
    defaultWords: `own address in peers, else 127.0.0.1:${peerPortDefault}`,
    description: 'where other nodes connect',
  },
  clientAddress: {
    group: 'Network',
    kind: addressOr(0, 'off'),
    default: { host: '127.0.0.1', port: clientPortDefault },
    description: 'where clients connect; off opens no client port',
  },
  advertiseClientAddress: {
    group: 'Network',
    kind: addressOr(1, 'auto'),
    default: undefined,
    defaultWords: 'clientAddress as bound',
    description: 'client address told to other nodes and clients, when clientAddress cannot be reached as it is',
  },
  demoRoutes: {
    group: 'Network',
    kind: boolean(),
    default: false,
    description:
      'serve /Set/{key}/{value}, /Get, /Delete, /isLeader, /Health; they write by GET, for demonstrations only',
  },
  tracing: {
    group: 'Network',
    kind: boolean(),
    default: false,
    description: 'make spans of calls for the OpenTelemetry SDK that the program has registered',
  },
  heartbeatMs: {
    group: 'Timing',
    kind: integer(10, 10_000, 'ms'),
    default: 100,
    description: "a leader's heartbeat interval",
  },
  electionTimeoutMs: {
    group: 'Timing',
    kind: integer(30, 100_000, 'ms'),
    default: 700,
    description:
      'silence after which a follower asks for an election, randomized up to twice; at least 3 × heartbeatMs',
  },
  linearizableReads: {
    group: 'Timing',
    kind: oneOf(['readIndex', 'lease']),
    default: 'readIndex',
    description:
      'readIndex asks a majority before it answers and trusts no clock; lease saves that while clockDriftBound holds, on a majority of nodes set alike',
  },
  clockDriftBound: {
    group: 'Timing',
    kind: fraction(0.001, 0.5),
    default: 0.05,
    description:
      'for lease reads: no clock of a node runs faster or slower than true time by more than this fraction; beyond it reads may be stale',
  },
  requestTimeoutMs: {
    group: 'Timing',
    kind: integer(100, 60_000, 'ms'),
    default: 5000,
    description: 'a request without an answer ends with an error after this time',
  },
  connectTimeoutMs: {
    group: 'Timing',
    kind: integer(10, 60_000, 'ms'),
    default: 1000,
    description: 'time for a connection to another node',
  },
  drainTimeoutMs: {
    group: 'Timing',
    kind: integer(0, 600_000, 'ms'),
    default: 5000,
    description: 'how long a stop waits for open requests',
  },
  walSegmentBytes: {
    group: 'Storage',
    kind: integer(4 * KiB, GiB, 'bytes'),
    default: 64 * MiB,
    description: 'size of one write-ahead log segment',
  },
  logRetainBytes: {
    group: 'Storage',
    kind: integer(4 * KiB, 64 * GiB, 'bytes'),
    default: 64 * MiB,
    description: 'applied log kept per shard for followers that lag; past it they get a snapshot',
  },
  logRetainBytesNode: {
    group: 'Storage',
    kind: integer(4 * KiB, TiB, 'bytes'),
    default: 256 * MiB,
    description: 'the same over all shards of the node; at least logRetainBytes',
  },
  logWindowBytes: {
    group: 'Storage',
    kind: integer(0, 16 * GiB, 'bytes'),
    default: 16 * MiB,
    description: 'newest part of the log kept in memory per shard; followers that lag further are served from disk',
  },
  ringBytes: {
    group: 'Storage',
    kind: integer(4 * MiB, 16 * GiB, 'bytes'),
    default: 64 * MiB,
    description: 'memory per shard for records not yet flushed and for recent history',
  },
  diskReserveBytes: {
    group: 'Storage',
    kind: integer(0, TiB, 'bytes'),
    default: 256 * MiB,
    description: 'below this much free disk space writes are refused with NO_SPACE while deletes still work',
  },
  maxInflightMessages: {
    group: 'Limits',
    kind: integer(1, 1024, 'count'),
    default: 8,
    description: 'log messages on their way to one follower at once',
  },
  maxInflightBytes: {
    group: 'Limits',
    kind: integer(64 * KiB, GiB, 'bytes'),
    default: 8 * MiB,
    description: 'bytes of log entries on their way to one follower at once',
  },
  peerQueueBytes: {
    group: 'Limits',
    kind: integer(4 * MiB, 4 * GiB, 'bytes'),
    default: 64 * MiB,
    description: 'bytes queued for one other node before messages to it are dropped',
  },
  requestQueueBytes: {
    group: 'Limits',
    kind: integer(2 * MiB, 4 * GiB, 'bytes'),
    default: 64 * MiB,
    description: 'bytes of waiting requests before the node answers TOO_MANY_REQUESTS',
  },
  requestQueueCount: {
    group: 'Limits',
    kind: integer(1, 1_000_000, 'count'),
    default: 20_000,
    description: 'waiting requests before the node answers TOO_MANY_REQUESTS',
  },
  maxConnections: {
    group: 'Limits',
    kind: integer(1, 1_000_000, 'count'),
    default: 10_000,
    description: 'open client connections; more are closed at once',
  },
  snapshotBytesPerSecond: {
    group: 'Limits',
    kind: integer(0, 64 * GiB, 'bytesPerSecond'),
    default: 0,
    description: 'limit on snapshot sending per node; 0 is no limit',
  },
};

/** The names of all options, in the order of the table. */
export const optionNames: readonly OptionName[] = Object.keys(optionTable).filter(isOptionName);

/** True when the table has an option of this name. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(optionTable, name);
}

/** The option's value as a person would write it. */
export function showOption(options: ResolvedNodeOptions, name: OptionName): string {
  return showAs(optionTable, options, name);
}

/** The option's default in words. */
export function showDefault(name: OptionName): string {
  return optionTable[name].defaultWords ?? showDefaultAs(optionTable, name);
}

function showDefaultAs<Name extends OptionName>(table: OptionTable, name: Name): string {
  return table[name].kind.show(table[name].default);
}

// Generic over the name, so that the row and the value are known to belong together.
function showAs<Name extends OptionName>(table: OptionTable, options: ResolvedNodeOptions, name: Name): string {
  return table[name].kind.show(options[name]);
}

/** The command line flag of an option: `heartbeatMs` → `--heartbeat-ms`. */
export function flagOf(name: OptionName): string {
  return `--${kebab(name)}`;
}

/** The environment variable of an option: `heartbeatMs` → `KVORUM_HEARTBEAT_MS`. */
export function envOf(name: OptionName): string {
  return `KVORUM_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
