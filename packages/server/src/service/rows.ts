/** Rows of the state machine as the service hands them out. */
import type { Row } from '@kvorum/core/kv/read-types.js';
import type { KeyValue } from './kv-service.js';

/** A row whose bytes belong to the receiver. */
export function copyRow(row: Row): KeyValue {
  return {
    key: row.key.slice(),
    value: row.value.slice(),
    createRevision: row.createRevision,
    modRevision: row.modRevision,
    version: row.version,
  };
}
