/**
 * The payload of a log entry: a batch header and the commands of one proposal. An entry without bytes is a no-op (a new leader's first).
 *
 * | offset | field (little-endian) |
 * |---|---|
 * | 0 | format u8 = 1 |
 * | 1 | reserved 3 bytes, zero |
 * | 4 | count u32, 1 to 1,000 |
 * | 8 | shardTime ms u64 |
 * | 16 | wallClockMs u64, information only |
 * | 24 | commands, one after the other (`command.ts`) |
 *
 * Decoding never allocates: {@link CommandCursor} walks the bytes and shows where things lie.
 */
import { assert } from '../base/assert.js';
import { byteAt, EMPTY_BYTES, isSafeU64, readU32, readU64, TWO_POW_32, writeU32, writeU64 } from '../base/bytes.js';
import {
  COMMAND_CLOSE_SESSION,
  COMMAND_COMPACT,
  COMMAND_COMPARE,
  COMMAND_DELETE,
  COMMAND_EXPIRE_SESSIONS,
  COMMAND_HEAD_BYTES,
  COMMAND_KEEP_SESSION,
  COMMAND_OPEN_SESSION,
  COMMAND_PUT,
  FLAG_IF_ABSENT,
  FLAG_IF_MOD_REVISION,
  FLAG_LEASE,
  FLAG_RANGE_END,
  FLAG_SESSION,
  KEY_BYTES_MAX,
  RANGE_END_BYTES_MAX,
  SESSION_STAMP_BYTES,
} from './command.js';
import { DecodeError } from './errors.js';

/** Version of the batch format. */
export const BATCH_FORMAT = 1;

/** Bytes before the first command. */
export const BATCH_HEADER_BYTES = 24;

/** Most commands in one batch. */
export const BATCH_COMMANDS_MAX = 1_000;

/** Most bytes of a batch, unless it holds a single command. */
export const BATCH_BYTES_MAX = 1 << 20;

const PUT_FLAGS = FLAG_SESSION | FLAG_LEASE | FLAG_IF_MOD_REVISION | FLAG_IF_ABSENT;
const DELETE_FLAGS = FLAG_SESSION | FLAG_IF_MOD_REVISION | FLAG_RANGE_END;

/** What the leader stamps on a batch. */
export interface BatchHeader {
  /** Milliseconds since the shard was created; never falls from one entry to the next. */
  readonly shardTimeMs: number;
  /** The leader's wall clock, for people; decides nothing (R21). */
  readonly wallClockMs: number;
}

/** Puts encoded commands under one header. The caller keeps to {@link BATCH_COMMANDS_MAX} and {@link BATCH_BYTES_MAX}. */
export function buildBatch(header: BatchHeader, commands: readonly Uint8Array[]): Uint8Array {
  assert(commands.length > 0 && commands.length <= BATCH_COMMANDS_MAX, 'batch must hold 1 to 1,000 commands');
  let length = BATCH_HEADER_BYTES;
  for (const command of commands) length += command.length;
  assert(length <= BATCH_BYTES_MAX || commands.length === 1, 'batch is larger than 1 MiB');
  const batch = new Uint8Array(length);
  batch[0] = BATCH_FORMAT;
  writeU32(batch, 4, commands.length);
  writeU64(batch, 8, header.shardTimeMs);
  writeU64(batch, 16, header.wallClockMs);
  let at = BATCH_HEADER_BYTES;
  for (const command of commands) {
    batch.set(command, at);
    at += command.length;
  }
  return batch;
}

/**
 * Checks that `command` is exactly one well-formed command. To be called for what another node forwards, before it is proposed:
 * after commit a bad command is corruption.
 *
 * @throws DecodeError with code BAD_COMMAND
 */
export function checkCommand(command: Uint8Array): void {
  checkCursor.openCommand(command);
}

/** Walks the commands of a batch. One object can be used for any number of batches. */
export class CommandCursor {
  /** Fields of the batch header. */
  shardTimeMs = 0;
  wallClockMs = 0;
  count = 0;
  /** The batch; offsets below point into it. */
  bytes = EMPTY_BYTES;
  /** The command the cursor stands on. `commandIndex` is -1 before the first `next()`. */
  commandIndex = -1;
  type = 0;
  flags = 0;
  leaseLow = 0;
  leaseHigh = 0;
  /** Of a put or delete with a stamp, or of a command about one session. */
  session = 0;
  sequence = 0;
  firstUnacknowledged = 0;
  /** ifModRevision of a put or delete, or the revision of a compaction. */
  revision = 0;
  /** sessionsMax of an openSession, idle ms of an expireSessions. */
  limit = 0;
  keyStart = 0;
  keyEnd = 0;
  /** Value of a put or rangeEnd of a delete. */
  restStart = 0;
  restEnd = 0;
  #nextAt = 0;
  #code: 'BAD_ENTRY' | 'BAD_COMMAND' = 'BAD_ENTRY';

  /** Starts on `batch` (not empty). @throws DecodeError with code BAD_ENTRY */
  open(batch: Uint8Array): void {
    this.#code = 'BAD_ENTRY';
    this.bytes = batch;
    this.commandIndex = -1;
    this.#nextAt = BATCH_HEADER_BYTES;
    this.#check(batch.length >= BATCH_HEADER_BYTES, 'batch header is cut short');
    this.#check(batch[0] === BATCH_FORMAT, 'unknown batch format');
    this.#check(
      byteAt(batch, 1) === 0 && byteAt(batch, 2) === 0 && byteAt(batch, 3) === 0,
      'reserved bytes are not zero',
    );
    this.count = readU32(batch, 4);
    this.#check(this.count > 0 && this.count <= BATCH_COMMANDS_MAX, 'bad number of commands');
    this.#check(isSafeU64(batch, 8) && isSafeU64(batch, 16), 'time out of range');
    this.shardTimeMs = readU64(batch, 8);
    this.wallClockMs = readU64(batch, 16);
  }

  /** Starts on, and decodes, a command without a batch around it. @throws DecodeError with code BAD_COMMAND */
  openCommand(command: Uint8Array): void {
    this.#code = 'BAD_COMMAND';
    this.bytes = command;
    this.commandIndex = -1;
    this.#nextAt = 0;
    this.count = 1;
    this.next();
    this.next();
  }

  /** Moves to the next command; false after the last. @throws DecodeError */
  next(): boolean {
    if (this.commandIndex + 1 === this.count) {
      this.#check(this.#nextAt === this.bytes.length, 'bytes after the last command');
      return false;
    }
    this.commandIndex += 1;
    const head = this.#nextAt;
    this.#check(this.bytes.length - head >= COMMAND_HEAD_BYTES, 'command head is cut short');
    this.type = byteAt(this.bytes, head);
    this.flags = byteAt(this.bytes, head + 1);
    this.#check(
      byteAt(this.bytes, head + 2) === 0 && byteAt(this.bytes, head + 3) === 0,
      'reserved bytes are not zero',
    );
    const start = head + COMMAND_HEAD_BYTES;
    const end = start + readU32(this.bytes, head + 4);
    this.#check(end <= this.bytes.length, 'command body is cut short');
    this.#nextAt = end;
    this.#decodeBody(start, end);
    return true;
  }

  #decodeBody(start: number, end: number): void {
    switch (this.type) {
      case COMMAND_PUT:
        this.#check((this.flags & ~PUT_FLAGS) === 0, 'unknown put flag');
        this.#check(
          (this.flags & (FLAG_IF_MOD_REVISION | FLAG_IF_ABSENT)) !== (FLAG_IF_MOD_REVISION | FLAG_IF_ABSENT),
          'two conditions',
        );
        this.#decodeKeyed(start, end);
        return;
      case COMMAND_DELETE:
        this.#check((this.flags & ~DELETE_FLAGS) === 0, 'unknown delete flag');
        this.#check(
          (this.flags & (FLAG_IF_MOD_REVISION | FLAG_RANGE_END)) !== (FLAG_IF_MOD_REVISION | FLAG_RANGE_END),
          'condition on a range',
        );
        this.#decodeKeyed(start, end);
        this.#checkRangeEnd();
        return;
      case COMMAND_COMPACT:
        this.revision = this.#decodeNumber(start, end);
        return;
      case COMMAND_COMPARE:
        this.#check(this.flags === 0 && end === start, 'a comparison holds nothing');
        return;
      case COMMAND_OPEN_SESSION:
        this.limit = this.#decodeNumber(start, end);
        this.#check(this.limit > 0 && this.limit < TWO_POW_32, 'sessionsMax out of range');
        return;
      case COMMAND_KEEP_SESSION:
      case COMMAND_CLOSE_SESSION:
        this.session = this.#decodeNumber(start, end);
        this.#check(this.session > 0, 'session 0 is none');
        return;
      case COMMAND_EXPIRE_SESSIONS:
        this.limit = this.#decodeNumber(start, end);
        return;
      default:
        this.#check(false, 'unknown command type');
    }
  }

  /** The body of a command that is one number. */
  #decodeNumber(start: number, end: number): number {
    this.#check(this.flags === 0, 'unknown flag');
    this.#check(end - start === 8 && isSafeU64(this.bytes, start), 'number is cut short or out of range');
    return readU64(this.bytes, start);
  }

  #decodeStamp(at: number): void {
    for (let field = at; field < at + SESSION_STAMP_BYTES; field += 8)
      this.#check(isSafeU64(this.bytes, field), 'session stamp out of range');
    this.session = readU64(this.bytes, at);
    this.sequence = readU64(this.bytes, at + 8);
    this.firstUnacknowledged = readU64(this.bytes, at + 16);
    this.#check(
      this.session > 0 && this.firstUnacknowledged > 0 && this.sequence >= this.firstUnacknowledged,
      'session stamp out of range',
    );
  }

  #decodeKeyed(start: number, end: number): void {
    let at = start;
    this.leaseLow = 0;
    this.leaseHigh = 0;
    this.revision = 0;
    const { flags } = this;
    const stampBytes = (flags & FLAG_SESSION) === 0 ? 0 : SESSION_STAMP_BYTES;
    const optional = ((flags & FLAG_LEASE) === 0 ? 0 : 8) + ((flags & FLAG_IF_MOD_REVISION) === 0 ? 0 : 8);
    this.#check(end - at >= stampBytes + optional + 4, 'command body is cut short');
    if (stampBytes !== 0) this.#decodeStamp(at);
    at += stampBytes;
    if ((this.flags & FLAG_LEASE) !== 0) {
      this.leaseLow = readU32(this.bytes, at);
      this.leaseHigh = readU32(this.bytes, at + 4);
      this.#check((this.leaseLow | this.leaseHigh) !== 0, 'lease 0 is written as no lease');
      at += 8;
    }
    if ((this.flags & FLAG_IF_MOD_REVISION) !== 0) {
      this.#check(isSafeU64(this.bytes, at), 'revision out of range');
      this.revision = readU64(this.bytes, at);
      at += 8;
    }
    const keyBytes = readU32(this.bytes, at);
    this.#check(keyBytes > 0 && keyBytes <= KEY_BYTES_MAX, 'key length out of range');
    this.#check(end - at - 4 >= keyBytes, 'key is cut short');
    this.keyStart = at + 4;
    this.keyEnd = this.keyStart + keyBytes;
    this.restStart = this.keyEnd;
    this.restEnd = end;
  }

  #checkRangeEnd(): void {
    const length = this.restEnd - this.restStart;
    const isRange = (this.flags & FLAG_RANGE_END) !== 0;
    this.#check(isRange ? length > 0 && length <= RANGE_END_BYTES_MAX : length === 0, 'bad range end');
  }

  #check(condition: boolean, message: string): void {
    if (!condition)
      throw new DecodeError(this.#code, `${message} (command ${this.commandIndex}, offset ${this.#nextAt})`);
  }
}

const checkCursor = new CommandCursor();
