/**
 * shardTime: milliseconds since the shard was created, as its leader stamps them on batches (architecture 13). It never goes back: a new
 * leader continues from the last applied value plus its own elapsed time. Wall clocks play no part (R21).
 */
export class ShardTime {
  private baseMs = 0;
  private sinceMs = 0;
  private lastMs = 0;

  /** This replica became leader at `nowMs` with `appliedMs` as the last applied shardTime. */
  startLeading(appliedMs: number, nowMs: number): void {
    this.baseMs = Math.max(appliedMs, this.lastMs);
    this.sinceMs = nowMs;
  }

  /** The stamp for a batch proposed at `nowMs`: a whole number, never below an earlier stamp or `appliedMs`. */
  stamp(appliedMs: number, nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.sinceMs);
    this.lastMs = Math.max(this.lastMs, appliedMs, Math.floor(this.baseMs + elapsedMs));
    return this.lastMs;
  }
}
