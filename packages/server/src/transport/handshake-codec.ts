/**
 * The three frames of the handshake. Their layout is for good: later versions may only append fields, and a reader skips what it doesn't know, so that nodes
 * of any two versions can tell each other why they don't fit.
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import { ByteReader, encodeText, ProtocolError, writeHex } from './wire.js';

/** 'KVRM', read as a little-endian u32. */
export const MAGIC = 0x4d52564b;

/** Protocol versions this program speaks. */
export const PROTOCOL_MIN = 1;
/** 2: replicas tell each other how old their state may be (freshness-codec.ts). */
export const PROTOCOL_MAX = 2;

/** The version that both ends speak: the highest that both know. */
export function protocolWith({ protocolMax }: Pick<Hello, 'protocolMax'>): number {
  return Math.min(PROTOCOL_MAX, protocolMax);
}

/** Longest client address, in UTF-8 bytes. */
export const CLIENT_ADDRESS_BYTES_MAX = 512;

/** Longest name of a zone, in UTF-8 bytes. */
export const ZONE_BYTES_MAX = 64;

/** Longest version of a program, in UTF-8 bytes. */
export const VERSION_BYTES_MAX = 64;

/** Longest sentence of a refusal, in UTF-8 bytes. */
const REFUSAL_BYTES_MAX = 2048;

/** What a connection is for. */
export type Purpose = 'peer' | 'snapshot';

/** What a node says of itself. */
export interface Hello {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly purpose: Purpose;
  readonly clusterId: string;
  readonly epoch: number;
  readonly nodeId: number;
  readonly incarnation: string;
  readonly clientAddress: string;
  /** Where the node stands, as configured; empty for none. */
  readonly zone: string;
  /** Of the program; empty when it is too old to tell. */
  readonly version: string;
}

/**
 * Why a node was refused. `busy` and `notReady` pass by themselves; the others need a person.
 */
export type RefusalReason =
  | 'protocolVersion'
  | 'otherCluster'
  | 'otherEpoch'
  | 'unknownNode'
  | 'sameNodeId'
  | 'wrongNode'
  | 'incarnation'
  | 'wrongDirection'
  | 'busy'
  | 'notReady'
  | 'other';

/** A refusal: the reason for programs, a sentence for people. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
}

/** Numbers are part of the format. */
const PURPOSES: readonly (Purpose | undefined)[] = [undefined, 'peer', 'snapshot'];
const REASONS: readonly RefusalReason[] = [
  'other',
  'protocolVersion',
  'otherCluster',
  'otherEpoch',
  'unknownNode',
  'sameNodeId',
  'wrongNode',
  'incarnation',
  'wrongDirection',
  'busy',
  'notReady',
];

const HELLO_FIXED_BYTES = 4 + 2 + 2 + 1 + 8 + 8 + 8 + 8 + 2;

export function encodeHello(hello: Hello): Uint8Array {
  const address = encodeText(hello.clientAddress);
  const zone = encodeText(hello.zone);
  const version = encodeText(hello.version);
  const bytes = new Uint8Array(HELLO_FIXED_BYTES + address.length + 2 + zone.length + 2 + version.length);
  writeU32(bytes, 0, MAGIC);
  writeU16(bytes, 4, hello.protocolMin);
  writeU16(bytes, 6, hello.protocolMax);
  bytes[8] = PURPOSES.indexOf(hello.purpose);
  writeHex(bytes, 9, hello.clusterId);
  writeU64(bytes, 17, hello.epoch);
  writeU64(bytes, 25, hello.nodeId);
  writeHex(bytes, 33, hello.incarnation);
  writeU16(bytes, 41, address.length);
  bytes.set(address, HELLO_FIXED_BYTES);
  const end = writeText(bytes, HELLO_FIXED_BYTES + address.length, zone);
  writeText(bytes, end, version);
  return bytes;
}

export function decodeHello(body: Uint8Array): Hello {
  const reader = new ByteReader(body);
  if (reader.u32() !== MAGIC) throw new ProtocolError('the other side is not a kvorum node');
  const protocolMin = reader.u16();
  const protocolMax = reader.u16();
  const purpose = PURPOSES[reader.u8()];
  if (purpose === undefined) throw new ProtocolError('unknown purpose of a connection');
  const clusterId = reader.hex(8);
  const epoch = reader.u64();
  const nodeId = reader.u64();
  const incarnation = reader.hex(8);
  const addressBytes = reader.u16();
  if (addressBytes > CLIENT_ADDRESS_BYTES_MAX) throw new ProtocolError('the client address is too long');
  const clientAddress = reader.text(addressBytes);
  // What follows came later: a hello may end before any of it.
  const zone = reader.left === 0 ? '' : readName(reader, ZONE_BYTES_MAX);
  const version = reader.left === 0 ? '' : readName(reader, VERSION_BYTES_MAX);
  return { protocolMin, protocolMax, purpose, clusterId, epoch, nodeId, incarnation, clientAddress, zone, version };
}

/** "I have synced your incarnation; we speak this protocol version." */
export function encodeWelcome(protocol: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeU16(bytes, 0, protocol);
  return bytes;
}

export function decodeWelcome(body: Uint8Array): number {
  return new ByteReader(body).u16();
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  const text = encodeText(refusal.message).subarray(0, REFUSAL_BYTES_MAX);
  const bytes = new Uint8Array(4 + text.length);
  writeU16(bytes, 0, Math.max(0, REASONS.indexOf(refusal.reason)));
  writeU16(bytes, 2, text.length);
  bytes.set(text, 4);
  return bytes;
}

export function decodeRefusal(body: Uint8Array): Refusal {
  const reader = new ByteReader(body);
  const reason = REASONS[reader.u16()] ?? 'other';
  return { reason, message: printable(reader.text(reader.u16())) };
}

function readName(reader: ByteReader, bytesMax: number): string {
  const bytes = reader.u16();
  if (bytes > bytesMax) throw new ProtocolError('a name in a hello is too long');
  return printable(reader.text(bytes));
}

function writeText(bytes: Uint8Array, at: number, text: Uint8Array): number {
  writeU16(bytes, at, text.length);
  bytes.set(text, at + 2);
  return at + 2 + text.length;
}

/** A peer's text goes to logs and terminals: control characters don't. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
