/**
 * By what replicas know how old their state may be (architecture 8): the leader begins rounds, members answer them, and the next round carries what was
 * proven. Since version 2 of the peer protocol.
 *
 * ```
 * round   u32 shard, u8 0, u64 term, roundMs
 * proof   u32 shard, u8 1, u64 term, roundMs, u32 echoRun, u64 echoMs, ageMs, commit
 * answer  u32 shard, u8 2, u64 term, roundMs, u32 run, u64 sentMs
 * ```
 * Little-endian. Times are whole milliseconds of the clock of whoever wrote them first; the other side only gives them back.
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import { type ByteReader, ProtocolError } from './wire.js';

/** The first version of the peer protocol that knows these messages. */
export const FRESHNESS_PROTOCOL = 2;

/** All writes acknowledged `ageMs` before the leader heard what it echoes are among the entries up to `commit`. */
export interface FreshnessProof {
  /** Which run of the member's process said it. */
  readonly echoRun: number;
  /** When the member said it, by the clock of that run. */
  readonly echoMs: number;
  readonly ageMs: number;
  readonly commit: number;
}

/** The leader of `term` begins a round at its own `roundMs`, and hands out what earlier ones proved. */
export interface FreshnessRound {
  readonly kind: 'round';
  readonly term: number;
  readonly roundMs: number;
  readonly proof: FreshnessProof | undefined;
}

/** A member has seen the round, and knows of no later term. */
export interface FreshnessAnswer {
  readonly kind: 'answer';
  readonly term: number;
  readonly roundMs: number;
  readonly run: number;
  readonly sentMs: number;
}

/** One record. */
export type FreshnessMessage = FreshnessRound | FreshnessAnswer;

const ROUND = 0;
const PROOF = 1;
const ANSWER = 2;

const FIXED_BYTES = 4 + 1 + 8 + 8;

/** Size of `message` as {@link writeFreshness} writes it. */
export function freshnessBytes(message: FreshnessMessage): number {
  if (message.kind === 'answer') return FIXED_BYTES + 4 + 8;
  return message.proof === undefined ? FIXED_BYTES : FIXED_BYTES + 4 + 3 * 8;
}

/** Writes a message at `at`; takes {@link freshnessBytes}. */
export function writeFreshness(bytes: Uint8Array, at: number, shard: number, message: FreshnessMessage): void {
  writeU32(bytes, at, shard);
  writeU64(bytes, at + 5, message.term);
  writeU64(bytes, at + 13, message.roundMs);
  if (message.kind === 'answer') {
    bytes[at + 4] = ANSWER;
    writeU32(bytes, at + 21, message.run);
    writeU64(bytes, at + 25, message.sentMs);
    return;
  }
  const { proof } = message;
  bytes[at + 4] = proof === undefined ? ROUND : PROOF;
  if (proof === undefined) return;
  writeU32(bytes, at + 21, proof.echoRun);
  writeU64(bytes, at + 25, proof.echoMs);
  writeU64(bytes, at + 33, proof.ageMs);
  writeU64(bytes, at + 41, proof.commit);
}

/** Reads a message behind its shard. */
export function readFreshness(reader: ByteReader): FreshnessMessage {
  const kind = reader.u8();
  const term = reader.u64();
  const roundMs = reader.u64();
  switch (kind) {
    case ROUND:
      return { kind: 'round', term, roundMs, proof: undefined };
    case PROOF: {
      const proof = { echoRun: reader.u32(), echoMs: reader.u64(), ageMs: reader.u64(), commit: reader.u64() };
      return { kind: 'round', term, roundMs, proof };
    }
    case ANSWER:
      return { kind: 'answer', term, roundMs, run: reader.u32(), sentMs: reader.u64() };
    default:
      throw new ProtocolError(`unknown kind of freshness ${kind}`);
  }
}
