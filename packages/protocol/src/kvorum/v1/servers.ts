// Generated from kvorum/v1/servers.proto by `npm run protos`: edit that file, not this one.
import type { Init } from '../../wire/message.js';
import { ProtoReader } from '../../wire/proto-reader.js';
import { type ProtoWriter, sharedWriter } from '../../wire/proto-writer.js';

export const ServerRole = {
  /** Not known to the asked node. */
  ROLE_UNKNOWN: 0,
  LEADER: 1,
  /** Votes, and does not lead now. */
  FOLLOWER: 2,
  /** Has the data and serves it, but does not vote. */
  LEARNER: 3,
} as const;

export interface GetServersRequest {
  /** Whose leader and replicas to tell; empty means `default`. */
  readonly keyspace: string;
}

const emptyGetServersRequest: GetServersRequest = {
  keyspace: '',
};

export function encodeGetServersRequest(message: Init<GetServersRequest>): Uint8Array {
  return sharedWriter.encode(message, writeGetServersRequest);
}

/** Fields from last to first, as the writer asks. */
export function writeGetServersRequest(writer: ProtoWriter, message: Init<GetServersRequest>): void {
  if (message.keyspace) writer.string(26, message.keyspace);
}

export function decodeGetServersRequest(bytes: Uint8Array): GetServersRequest {
  return readGetServersRequest(new ProtoReader(bytes));
}

export function readGetServersRequest(reader: ProtoReader, base: GetServersRequest = emptyGetServersRequest): GetServersRequest {
  let keyspace = base.keyspace;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 26: keyspace = reader.string(); break;
      default: reader.skip(tag);
    }
  }
  return { keyspace };
}

export interface GetServersResponse {
  readonly servers: readonly Server[];
  /** Chance chose it when the cluster was made. */
  readonly clusterId: bigint;
  /** The term in which the leader told here leads; of two answers that differ, the one with the higher term is newer. */
  readonly term: number;
}

const emptyGetServersResponse: GetServersResponse = {
  servers: [],
  clusterId: 0n,
  term: 0,
};

export function encodeGetServersResponse(message: Init<GetServersResponse>): Uint8Array {
  return sharedWriter.encode(message, writeGetServersResponse);
}

/** Fields from last to first, as the writer asks. */
export function writeGetServersResponse(writer: ProtoWriter, message: Init<GetServersResponse>): void {
  if (message.term) writer.uint64Number(24, message.term);
  if (message.clusterId) writer.fixed64(17, message.clusterId);
  if (message.servers) writer.messages(10, message.servers, writeServer);
}

export function decodeGetServersResponse(bytes: Uint8Array): GetServersResponse {
  return readGetServersResponse(new ProtoReader(bytes));
}

export function readGetServersResponse(reader: ProtoReader, base: GetServersResponse = emptyGetServersResponse): GetServersResponse {
  const servers: Server[] = base === emptyGetServersResponse ? [] : (base.servers as Server[]);
  let clusterId = base.clusterId;
  let term = base.term;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: servers.push(reader.item().message(readServer)); break;
      case 17: clusterId = reader.fixed64(); break;
      case 24: term = reader.uint64Number(); break;
      default: reader.skip(tag);
    }
  }
  return { servers, clusterId, term };
}

export interface Server {
  /** The node's id, in decimal digits. */
  readonly id: string;
  /** The address, host:port, at which the node wants to be reached by clients; empty when it is not known. */
  readonly rpcAddr: string;
  /** At most one node leads, as far as the asked one knows. */
  readonly isLeader: boolean;
  readonly role: number;
  /** Where the node stands, as configured; empty when nothing was. */
  readonly zone: string;
  /** The version of kvorum that it runs; empty when it is not known. */
  readonly version: string;
  /** The asked node is connected with it, or is it. */
  readonly isConnected: boolean;
}

const emptyServer: Server = {
  id: '',
  rpcAddr: '',
  isLeader: false,
  role: 0,
  zone: '',
  version: '',
  isConnected: false,
};

export function encodeServer(message: Init<Server>): Uint8Array {
  return sharedWriter.encode(message, writeServer);
}

/** Fields from last to first, as the writer asks. */
export function writeServer(writer: ProtoWriter, message: Init<Server>): void {
  if (message.isConnected) writer.bool(56, message.isConnected);
  if (message.version) writer.string(50, message.version);
  if (message.zone) writer.string(42, message.zone);
  if (message.role) writer.int32(32, message.role);
  if (message.isLeader) writer.bool(24, message.isLeader);
  if (message.rpcAddr) writer.string(18, message.rpcAddr);
  if (message.id) writer.string(10, message.id);
}

export function decodeServer(bytes: Uint8Array): Server {
  return readServer(new ProtoReader(bytes));
}

export function readServer(reader: ProtoReader, base: Server = emptyServer): Server {
  let id = base.id;
  let rpcAddr = base.rpcAddr;
  let isLeader = base.isLeader;
  let role = base.role;
  let zone = base.zone;
  let version = base.version;
  let isConnected = base.isConnected;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: id = reader.string(); break;
      case 18: rpcAddr = reader.string(); break;
      case 24: isLeader = reader.bool(); break;
      case 32: role = reader.int32(); break;
      case 42: zone = reader.string(); break;
      case 50: version = reader.string(); break;
      case 56: isConnected = reader.bool(); break;
      default: reader.skip(tag);
    }
  }
  return { id, rpcAddr, isLeader, role, zone, version, isConnected };
}
