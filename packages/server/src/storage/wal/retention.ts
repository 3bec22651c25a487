/** Which segments still hold something that a replay needs. Pure. */
import type { ShardLogs } from './items.js';
import type { ShardId } from './wal.js';

/** Segments below this number can go: no live entry lies there, and every segment from it on began with a synced table of all shards. */
export function liveFloor(logs: ShardLogs, current: number): number {
  let floor = current;
  for (const { places } of logs.values()) {
    floor = Math.min(floor, places.oldestSegment ?? floor);
  }
  return floor;
}

/** Live entries of one shard in one segment. */
export interface LiveRange {
  readonly shard: ShardId;
  readonly lo: number;
  readonly hi: number;
  readonly bytes: number;
}

/** The first run of live entries in `segment`, up to `bytesMax`; undefined when there is none. */
export function firstLiveIn(logs: ShardLogs, segment: number, bytesMax: number): LiveRange | undefined {
  for (const [shard, { places }] of logs) {
    if (places.countIn(segment) === 0) continue;
    let lo = places.first;
    while (places.segment(lo) !== segment) lo++;
    let hi = lo;
    let bytes = 0;
    while (hi <= places.last && places.segment(hi) === segment && bytes < bytesMax) bytes += places.size(hi++);
    return { shard, lo, hi, bytes };
  }
  return undefined;
}

/** Bytes of live entries, in `segment` and in all. */
export function liveBytes(logs: ShardLogs, segment: number): { readonly inSegment: number; readonly inAll: number } {
  let inSegment = 0;
  let inAll = 0;
  for (const { places } of logs.values()) {
    inSegment += places.bytesIn(segment);
    inAll += places.bytes;
  }
  return { inSegment, inAll };
}
