/** Turns the records of a log, in order, into what it knows of each shard. */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import * as payload from './payload.js';
import { RECORD_TYPE, type WalRecord } from './record.js';
import { ShardLog } from './shard-log.js';
import type { RecoveredShard, ShardId } from './wal.js';

interface ReplayedShard {
  readonly log: ShardLog;
  /** By index; may hold entries that were truncated or compacted since. */
  readonly entries: Map<number, Entry>;
}

/** Used once: fed with every record in order, checked, then asked. */
export class Replay {
  readonly #shards = new Map<ShardId, ReplayedShard>();

  /** Applies one record; answers what is wrong with it, or undefined. */
  apply(record: WalRecord): string | undefined {
    switch (record.type) {
      case RECORD_TYPE.tableHead:
      case RECORD_TYPE.opened:
        return undefined;
      case RECORD_TYPE.entry:
      case RECORD_TYPE.copied:
        return this.#applyEntry(record);
      default:
        return this.#applyState(record, this.#shard(record.shard).log);
    }
  }

  /** What is wrong with the whole, or undefined: entries missing in the middle, or below a known commit index (R16). */
  check(): string | undefined {
    for (const [shard, { log }] of this.#shards) {
      const hole = log.places.findHole();
      if (hole !== undefined) return `entry ${hole} of shard ${shard} is missing`;
      if (isMutated('damageInMiddleCut')) forgetCommit(log);
      if (log.hardState.commit > log.lastIndex) {
        return `entry ${log.hardState.commit} of shard ${shard} was committed, but its log ends at ${log.lastIndex}`;
      }
    }
    return undefined;
  }

  /** The state to go on from. */
  logs(): Map<ShardId, ShardLog> {
    return new Map([...this.#shards].map(([shard, { log }]) => [shard, log]));
  }

  /** What to tell the owner of the log. */
  recovered(): Map<ShardId, RecoveredShard> {
    const all = new Map<ShardId, RecoveredShard>();
    for (const [shard, { log, entries }] of this.#shards) {
      const live: Entry[] = [];
      for (let index = log.places.first; index <= log.lastIndex; index++) {
        const entry = entries.get(index);
        if (entry !== undefined) live.push(entry);
      }
      const { hardState, logStart, confState, removedIncarnation } = log;
      all.set(shard, { hardState, logStart, confState, removedIncarnation, entries: live });
    }
    return all;
  }

  #applyEntry(record: WalRecord): string | undefined {
    const { log, entries } = this.#shard(record.shard);
    const entry = payload.readEntry(record.payload);
    if (entry === undefined) return 'an entry can not be decoded';
    const place = { segment: record.segment, offset: record.offset, bytes: record.end - record.offset };
    const truncates = record.type === RECORD_TYPE.entry || isMutated('copiedSuffixTruncates');
    const isPlaced = truncates ? log.addEntry(entry, place) : log.addCopied(entry, place);
    if (!isPlaced) return `entry ${entry.index} of shard ${record.shard} lies far behind entry ${log.lastIndex}`;
    entries.set(entry.index, entry);
    return undefined;
  }

  #applyState(record: WalRecord, log: ShardLog): string | undefined {
    switch (record.type) {
      case RECORD_TYPE.hardState:
        return decode(payload.readHardState(record.payload), (hardState) => {
          log.hardState = hardState;
        });
      case RECORD_TYPE.snapshot:
        return decode(payload.readSnapshot(record.payload), (mark) => {
          log.install(mark);
          this.#shard(record.shard).entries.clear();
        });
      case RECORD_TYPE.logStart:
        return decode(payload.readLogStart(record.payload), (mark) => this.#compact(record.shard, mark));
      case RECORD_TYPE.removed:
        return decode(payload.readNumber(record.payload), (incarnation) => log.remove(incarnation));
      case RECORD_TYPE.tableShard:
        return decode(payload.readTable(record.payload), (line) => log.adopt(line));
      default:
        return `a record has the unknown type ${record.type}`;
    }
  }

  #compact(shard: ShardId, mark: payload.LogStartMark): void {
    const { log, entries } = this.#shard(shard);
    for (let index = log.places.first; index <= Math.min(mark.index, log.lastIndex); index++) entries.delete(index);
    log.compact(mark);
  }

  #shard(shard: ShardId): ReplayedShard {
    let found = this.#shards.get(shard);
    if (found === undefined) {
      found = { log: new ShardLog(), entries: new Map() };
      this.#shards.set(shard, found);
    }
    return found;
  }
}

/** A historic bug: what is gone is taken for never committed. */
function forgetCommit(log: ShardLog): void {
  log.hardState = { ...log.hardState, commit: Math.min(log.hardState.commit, log.lastIndex) };
}

function decode<T>(value: T | undefined, use: (value: T) => void): string | undefined {
  if (value === undefined) return 'a record can not be decoded';
  use(value);
  return undefined;
}
