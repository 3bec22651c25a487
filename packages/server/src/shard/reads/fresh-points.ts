/**
 * What a replica knows of the age of its state: points, each of which says that all writes acknowledged before a moment are among the entries up to an index.
 * A point stays true for ever, whoever leads meanwhile; it counts once the replica has applied that index. Pure; times are of the local clock.
 */

/** Points whose index is not applied yet; while there are as many, later ones are left out, so that the first is reached and not put off. */
export const freshPointsMax = 16;

interface FreshPoint {
  readonly asOfMs: number;
  readonly index: number;
}

/** One per replica and run of its process. */
export class FreshPoints {
  /** In ascending order of both. */
  private readonly waiting: FreshPoint[] = [];
  private reachedMs: number | undefined;

  /** All writes acknowledged before `asOfMs` are among the entries up to `index`; those up to `appliedIndex` are applied by now. */
  add(asOfMs: number, index: number, appliedIndex: number): void {
    this.reach(appliedIndex);
    const { waiting } = this;
    if (asOfMs <= (waiting.at(-1)?.asOfMs ?? this.reachedMs ?? Number.NEGATIVE_INFINITY)) return;
    // It says more than those that ask for as much.
    while ((waiting.at(-1)?.index ?? -1) >= index) waiting.pop();
    if (waiting.length < freshPointsMax) waiting.push({ asOfMs, index });
  }

  /** The state up to `appliedIndex` is no older than this; undefined while nothing is known. */
  stalenessMs(appliedIndex: number, nowMs: number): number | undefined {
    this.reach(appliedIndex);
    return this.reachedMs === undefined ? undefined : Math.max(0, nowMs - this.reachedMs);
  }

  /** What is applied makes room, whether somebody asks for the age or not. */
  private reach(appliedIndex: number): void {
    const { waiting } = this;
    for (let first = waiting[0]; first !== undefined && first.index <= appliedIndex; first = waiting[0]) {
      this.reachedMs = first.asOfMs;
      waiting.shift();
    }
  }
}
