/** Records as rows. */
import { CorruptError } from './errors.js';
import { KeyValueReader } from './key-value.js';
import type { Row } from './read-types.js';
import { RECORD_HEADER_BYTES } from './record.js';

/** Makes rows whose bytes are views of their records. */
export class RowReader {
  readonly #keyValue = new KeyValueReader();

  /** The row of a record. @throws CorruptError */
  read(record: Uint8Array): Row {
    const fields = this.#keyValue;
    if (!fields.read(record, RECORD_HEADER_BYTES, record.length))
      throw new CorruptError('a record holds no canonical KeyValue');
    return {
      keyValue: record.subarray(RECORD_HEADER_BYTES),
      key: record.subarray(fields.keyStart, fields.keyEnd),
      value: record.subarray(fields.valueStart, fields.valueEnd),
      createRevision: fields.createRevision,
      modRevision: fields.modRevision,
      version: fields.version,
      lease: leaseOf(fields.leaseLow, fields.leaseHigh),
    };
  }
}

/** A lease id from its halves; 0n for none. */
export function leaseOf(low: number, high: number): bigint {
  return (low | high) === 0 ? 0n : (BigInt(high) << 32n) | BigInt(low);
}
