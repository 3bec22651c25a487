/** What happens to a random group, and how often: seeds may draw it, so that calm and storm both get their turn. */

/** How often what happens. */
export interface Weather {
  /** Of 1000 steps, or of their sum if that is more. */
  readonly tick: number;
  readonly deliver: number;
  readonly ready: number;
  readonly append: number;
  readonly apply: number;
  readonly propose: number;
  readonly read: number;
  readonly compact: number;
  readonly fetch: number;
  readonly change: number;
  readonly crash: number;
  readonly cut: number;
  /** Of 100 deliveries: not the oldest message, lost, delivered and kept. */
  readonly reorder: number;
  readonly lose: number;
  readonly repeat: number;
  /** Most members that one change of membership concerns; with 1 none is joint. */
  readonly changesMax: number;
  /** Of 1000 steps whose event finds nothing to do: a clock ticks instead, so that waiting takes few steps. */
  readonly hurry: number;
  /** Of 100 times that a link may break: all are mended if any is broken. */
  readonly heal: number;
  /** A disk stands still for a while; every other time its machine crashes at the end of that. */
  readonly stall: number;
  /** Of 1000 times that messages leave a machine: it crashes before it has stored anything that came with them. */
  readonly crashAfterSend: number;
  /** Of 1000 messages: under way for a long time, as on a stream that has stalled. */
  readonly hold: number;
  /** Of 100 new leaders: cut off or crashed soon after, when whoever was cut off before is back. */
  readonly ambush: number;
}

/** A new leader is struck at most so many steps later, mostly much sooner. */
export const AMBUSH_STEPS_MAX = 1024;

/** Longest time that a disk stands still or a message is under way, in steps. */
export const WAIT_STEPS_MAX = 3000;

/** The number of which a step's event is drawn. */
export function chancesOf(weather: Weather): number {
  const { tick, deliver, ready, append, apply, propose, read, compact, fetch, change, crash, cut, stall } = weather;
  const work = tick + deliver + ready + append + apply + propose + read + compact + fetch;
  return Math.max(1000, work + change + crash + cut + stall);
}

export const USUAL_WEATHER: Weather = {
  tick: 60,
  deliver: 360,
  ready: 220,
  append: 140,
  apply: 100,
  propose: 50,
  read: 30,
  compact: 10,
  fetch: 10,
  change: 4,
  crash: 2,
  cut: 3,
  reorder: 25,
  lose: 5,
  repeat: 3,
  changesMax: 2,
  hurry: 0,
  heal: 50,
  stall: 0,
  crashAfterSend: 0,
  hold: 0,
  ambush: 0,
};
