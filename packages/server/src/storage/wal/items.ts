/** What waits to be written: its size, and how it becomes records and state. Both happen together, so memory is always what a replay would give. */
import { assert } from '@kvorum/core/base/assert.js';
import type { BatchEncoder } from './batch-encoder.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import * as payload from './payload.js';
import { RECORD_TYPE, recordBytes } from './record.js';
import { ShardLog } from './shard-log.js';
import type { ShardAppend, ShardId, SnapshotMark } from './wal.js';

/** One thing to be written, atomically: a batch holds it whole. */
export type Item =
  | { readonly kind: 'append'; readonly updates: readonly ShardAppend[] }
  | { readonly kind: 'compact'; readonly shard: ShardId; readonly mark: payload.LogStartMark }
  | { readonly kind: 'remove'; readonly shard: ShardId; readonly incarnation: number }
  | { readonly kind: 'copy'; readonly shard: ShardId; readonly segment: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'opened' };

/** The shards of a log. */
export type ShardLogs = Map<ShardId, ShardLog>;

const entryRecordBytes = (entry: Entry) => recordBytes(payload.entryPayloadBytes(entry));

/** Upper bound of what the item takes in the log. */
export function itemBytes(item: Item): number {
  switch (item.kind) {
    case 'append':
      return item.updates.reduce((sum, update) => sum + appendBytes(update), 0);
    case 'compact':
      return recordBytes(payload.logStartPayloadBytes(item.mark));
    case 'remove':
    case 'opened':
      return recordBytes(payload.U64_BYTES);
    case 'copy':
      // When nothing of it is live any more, an `opened` record stands in for it.
      return item.entries.reduce((sum, entry) => sum + entryRecordBytes(entry), recordBytes(payload.U64_BYTES));
  }
}

function appendBytes(update: ShardAppend): number {
  let bytes = update.hardState === undefined ? 0 : recordBytes(payload.HARD_STATE_BYTES);
  if (update.snapshot !== undefined) bytes += recordBytes(payload.snapshotPayloadBytes(update.snapshot));
  for (const entry of update.entries) bytes += entryRecordBytes(entry);
  return bytes;
}

/** Bytes of a segment table. */
export function tableBytes(logs: ShardLogs): number {
  let bytes = recordBytes(payload.TABLE_HEAD_BYTES);
  for (const log of logs.values()) bytes += recordBytes(payload.tablePayloadBytes(log.toTable()));
  return bytes;
}

/** Writes the segment table: the first records of every segment. */
export function encodeTable(encoder: BatchEncoder, logs: ShardLogs): void {
  const headAt = encoder.add(RECORD_TYPE.tableHead, 0, payload.TABLE_HEAD_BYTES);
  payload.writeCount(encoder.memory, headAt, logs.size);
  for (const [shard, log] of logs) {
    const line = log.toTable();
    const at = encoder.add(RECORD_TYPE.tableShard, shard, payload.tablePayloadBytes(line));
    payload.writeTable(encoder.memory, at, line);
  }
}

/** Writes the item's records and takes the same steps in memory. */
export function encodeItem(encoder: BatchEncoder, logs: ShardLogs, item: Item): void {
  switch (item.kind) {
    case 'append':
      for (const update of item.updates) encodeAppend(encoder, shardLog(logs, update.shard), update);
      return;
    case 'compact': {
      const at = encoder.add(RECORD_TYPE.logStart, item.shard, payload.logStartPayloadBytes(item.mark));
      payload.writeLogStart(encoder.memory, at, item.mark);
      return shardLog(logs, item.shard).compact(item.mark);
    }
    case 'remove': {
      const at = encoder.add(RECORD_TYPE.removed, item.shard, payload.U64_BYTES);
      payload.writeNumber(encoder.memory, at, item.incarnation);
      return shardLog(logs, item.shard).remove(item.incarnation);
    }
    case 'copy':
      return encodeCopy(encoder, shardLog(logs, item.shard), item.shard, item.segment, item.entries);
    case 'opened': {
      const at = encoder.add(RECORD_TYPE.opened, 0, payload.U64_BYTES);
      return payload.writeNumber(encoder.memory, at, encoder.place.batch);
    }
  }
}

function encodeAppend(encoder: BatchEncoder, log: ShardLog, update: ShardAppend): void {
  assert(log.removedIncarnation === undefined, 'an append to a removed shard');
  if (update.snapshot !== undefined) encodeSnapshot(encoder, log, update.shard, update.snapshot);
  for (const entry of update.entries) {
    assert(entry.index > log.logStart.index && entry.index <= log.lastIndex + 1, 'an entry that leaves a gap');
    encodeEntry(encoder, RECORD_TYPE.entry, update.shard, entry);
    log.addEntry(entry, encoder.lastPlace());
  }
  if (update.hardState !== undefined) encodeHardState(encoder, log, update.shard, update.hardState);
}

function encodeSnapshot(encoder: BatchEncoder, log: ShardLog, shard: ShardId, mark: SnapshotMark): void {
  const at = encoder.add(RECORD_TYPE.snapshot, shard, payload.snapshotPayloadBytes(mark));
  payload.writeSnapshot(encoder.memory, at, mark);
  log.install(mark);
}

function encodeHardState(encoder: BatchEncoder, log: ShardLog, shard: ShardId, hardState: HardState): void {
  assert(hardState.commit <= log.lastIndex, 'a commit index behind the end of the log');
  const at = encoder.add(RECORD_TYPE.hardState, shard, payload.HARD_STATE_BYTES);
  payload.writeHardState(encoder.memory, at, hardState);
  log.hardState = hardState;
}

/** Entries that were truncated, replaced or compacted since they were read are left out. */
function encodeCopy(
  encoder: BatchEncoder,
  log: ShardLog,
  shard: ShardId,
  segment: number,
  entries: readonly Entry[],
): void {
  for (const entry of entries) {
    const isLive = entry.index >= log.places.first && entry.index <= log.lastIndex;
    if (!isLive || log.places.segment(entry.index) !== segment) continue;
    encodeEntry(encoder, RECORD_TYPE.copied, shard, entry);
    log.addCopied(entry, encoder.lastPlace());
  }
}

function encodeEntry(encoder: BatchEncoder, type: 4 | 5, shard: ShardId, entry: Entry): void {
  const at = encoder.add(type, shard, payload.entryPayloadBytes(entry));
  payload.writeEntry(encoder.memory, at, entry);
}

function shardLog(logs: ShardLogs, shard: ShardId): ShardLog {
  let log = logs.get(shard);
  if (log === undefined) {
    log = new ShardLog();
    logs.set(shard, log);
  }
  return log;
}

/** Whether nothing but commit indexes would change: it is safe to lose, since a commit index is found again. */
export function isCommitOnly(logs: ShardLogs, updates: readonly ShardAppend[]): boolean {
  return updates.every(({ shard, snapshot, entries, hardState }) => {
    if (snapshot !== undefined || entries.length > 0) return false;
    const known = logs.get(shard)?.hardState;
    return hardState === undefined || (known?.term === hardState.term && known.vote === hardState.vote);
  });
}
