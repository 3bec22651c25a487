/** Cuts one shard's log at its beginning: after each flush, as far as {@link retentionIndex} lets it, in memory and in the WAL. */
import type { RawNode } from '@kvorum/core/raft/raw-node.js';
import type { ConfHistory } from '../membership/conf-history.js';
import type { LogWindow } from './log-window.js';
import { retentionIndex } from './retention.js';
import type { ShardLog } from './shard-log.js';

/** What it cuts, and what it looks at for that. */
export interface LogCutterDeps {
  readonly log: LogWindow;
  readonly confHistory: ConfHistory;
  readonly shardLog: Pick<ShardLog, 'compact'>;
  readonly raw: RawNode;
  /** Whether this replica leads and counts what followers need. */
  readonly isLeader: () => boolean;
}

/** Whose log it is, and how large it may grow. */
export interface LogCutterOptions {
  readonly shard: number;
  readonly nodeId: number;
  /** Above this many bytes entries go, whoever needs them. */
  readonly logCapBytes: number;
}

/** One per replica. */
export class LogCutter {
  private readonly deps: LogCutterDeps;
  private readonly options: LogCutterOptions;

  constructor(deps: LogCutterDeps, options: LogCutterOptions) {
    this.deps = deps;
    this.options = options;
  }

  /** Everything up to `flushedIndex` is in the store, on disk. */
  flushed(flushedIndex: number): void {
    const { log, confHistory, shardLog } = this.deps;
    const { shard, logCapBytes } = this.options;
    const index = retentionIndex({
      flushedIndex,
      logStartIndex: log.startPosition.index,
      logBytes: log.bytes,
      followersNeed: this.followersNeed(),
      capBytes: logCapBytes,
      bytesAt: (at) => log.bytesAt(at),
    });
    if (index <= log.startPosition.index) return;
    log.compactTo(index);
    confHistory.forgetBefore(index);
    shardLog.compact(shard, log.startPosition, confHistory.at(index));
  }

  /** The smallest index after which some live follower still needs entries; undefined when this replica does not lead. */
  private followersNeed(): number | undefined {
    if (!this.deps.isLeader()) return undefined;
    let need = Number.POSITIVE_INFINITY;
    for (const [id, progress] of this.deps.raw.status().progress) {
      if (id === this.options.nodeId || !progress.isRecentlyActive) continue;
      need = Math.min(need, Math.max(progress.match, progress.pendingSnapshot));
    }
    return need;
  }
}
