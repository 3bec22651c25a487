/** How much has to happen in a run: one in which all stand still and wait for faults to pass proves nothing, and fails. */

/** What happened in a run. */
export interface Activity {
  readonly simulatedMs: number;
  /** Operations that clients were told to be done. */
  readonly acknowledged: number;
  /** Faults of the menu that took place. */
  readonly faults: number;
  /** Of the event log. */
  readonly lines: number;
}

const HALF_MINUTE_MS = 30_000;

/** In each half minute of simulated time, on average. */
const leastPerHalfMinute = { acknowledged: 500, faults: 10, lines: 10_000 } as const;

const names = ['acknowledged', 'faults', 'lines'] as const;

/** What there was too little of, in words; empty when enough happened. `margin` above 1 asks for more than that. */
export function missedFloors(activity: Activity, margin = 1): string[] {
  return names
    .filter((name) => isBehind(activity, name, margin))
    .map((name) => {
      const halfMinutes = activity.simulatedMs / HALF_MINUTE_MS;
      return `${activity[name]} ${name} in ${(halfMinutes * 30).toFixed(1)} s, at least ${leastPerHalfMinute[name]} are asked for in 30 s`;
    });
}

/** Whether there was too little of one of them up to now. */
export function isBehind(activity: Activity, name: (typeof names)[number], margin = 1): boolean {
  return activity[name] < (margin * leastPerHalfMinute[name] * activity.simulatedMs) / HALF_MINUTE_MS;
}
