/**
 * When a leader names the next index for a comparison (R14): so many entries after the last one, or so long after the first entry that followed it,
 * whichever comes first. A shard in which nothing happens compares nothing and keeps no timer (P9).
 */
import type { Clock, Timer } from '../../env/env.js';

/** Default of {@link ComparisonCadence.entries}. */
export const compareEveryEntries = 65_536;
/** Default of {@link ComparisonCadence.ms}. */
export const compareEveryMs = 300_000;

/** How often replicas compare their states. */
export interface ComparisonCadence {
  /** Entries between two named indexes, at most. */
  readonly entries: number;
  /** Time that an applied entry waits for the comparison that covers it, at most. */
  readonly ms: number;
}

/** One per replica; counts while it leads, and holds one timer at most. */
export class ComparisonSchedule {
  /** A comparison should be proposed. */
  isDue = false;
  /** The last index that was compared, or from which on this replica counts. */
  private lastIndex: number;
  private timer: Timer | undefined;
  private readonly clock: Pick<Clock, 'setTimer'>;
  private readonly cadence: ComparisonCadence;
  private readonly onDue: () => void;

  /** @param onDue called when time made a comparison due; otherwise `applied` did */
  constructor(clock: Pick<Clock, 'setTimer'>, cadence: ComparisonCadence, appliedIndex: number, onDue: () => void) {
    this.clock = clock;
    this.cadence = cadence;
    this.lastIndex = appliedIndex;
    this.onDue = onDue;
  }

  /** This replica leads and has applied an entry that is no comparison. */
  applied(index: number): void {
    if (index - this.lastIndex >= this.cadence.entries) {
      this.become(index);
      return;
    }
    this.timer ??= this.clock.setTimer(this.cadence.ms, () => {
      this.timer = undefined;
      this.isDue = true;
      this.onDue();
    });
  }

  /** A comparison was applied, or the state was replaced, at this index. */
  restart(index: number): void {
    this.lastIndex = index;
    this.isDue = false;
    this.stop();
  }

  /** Keeps no timer. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Whether to propose now; asked for once, so that one that can't be proposed waits for the next entry or timer. */
  take(): boolean {
    const isDue = this.isDue;
    this.isDue = false;
    return isDue;
  }

  private become(index: number): void {
    // Counted from here, lest each entry until the comparison is applied asks for one more.
    this.lastIndex = index;
    this.isDue = true;
  }
}
