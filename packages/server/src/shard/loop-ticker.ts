/**
 * The ticks of a node's loop. A tick that comes late tells that the loop stood still: what arrived meanwhile is read first, and then election
 * timers start anew instead of firing (N10).
 */
import type { Clock, Log, Timer } from '../env/env.js';

/** What ticks drive. */
export interface LoopTickerDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Every tick, before anything else, also while the node does not take part. */
  readonly expire: (nowMs: number) => void;
  /** Whether the node takes part. */
  readonly isActive: () => boolean;
  readonly restartElectionTimers: () => void;
  /** The node takes part, and a tick passed for its shards. */
  readonly tickShards: () => void;
  /** The end of a tick of a node that takes part. */
  readonly afterTick: (nowMs: number) => void;
}

/** Late ticks in a row that start election timers anew. */
const stallsForgivenMax = 3;

/** One per node; ticks from the start on, until closed. */
export class LoopTicker {
  private stallsInARow = 0;
  private lastTickMs: number;
  private readonly timer: Timer;
  private readonly deps: LoopTickerDeps;
  private readonly tickMs: number;

  constructor(deps: LoopTickerDeps, tickMs: number) {
    this.deps = deps;
    this.tickMs = tickMs;
    this.lastTickMs = deps.clock.nowMs();
    this.timer = deps.clock.setInterval(tickMs, () => this.tick());
  }

  /** What was before is no stall. */
  restart(): void {
    this.lastTickMs = this.deps.clock.nowMs();
  }

  close(): void {
    this.timer.cancel();
  }

  private tick(): void {
    const nowMs = this.deps.clock.nowMs();
    const lateMs = nowMs - this.lastTickMs - this.tickMs;
    this.lastTickMs = nowMs;
    this.deps.expire(nowMs);
    if (!this.deps.isActive()) return;
    const isStall = lateMs > 2 * this.tickMs;
    this.stallsInARow = isStall ? this.stallsInARow + 1 : 0;
    // A machine that is always late must still elect: only the first stalls in a row get a new timer.
    if (isStall && this.stallsInARow <= stallsForgivenMax) this.recoverFromStall(lateMs);
    else this.deps.tickShards();
    this.deps.afterTick(nowMs);
  }

  private recoverFromStall(lateMs: number): void {
    this.deps.log.warn('the event loop stood still', { ms: Math.round(lateMs) });
    this.deps.clock.defer(() => {
      if (!this.deps.isActive()) return;
      this.deps.restartElectionTimers();
      this.deps.tickShards();
    });
  }
}
