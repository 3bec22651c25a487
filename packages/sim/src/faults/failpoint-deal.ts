/**
 * Which failpoints a seed cuts the power at (R6). They are dealt like cards, not drawn: a few seeds in a row have each of them once, so that none is left
 * out by chance. Each round is shuffled anew.
 */
import { type Failpoint, failpoints } from '@kvorum/server/internal/env/failpoints.js';
import { shuffled, stream } from '../world/chance.js';

/** So many of each seed. */
const PER_SEED = 9;

/** Restores are no part of a run, and no replica is corrupt in one: tests beside the server have them (restore-cuts, corruption-mark). */
export const simulatedFailpoints: readonly Failpoint[] = failpoints.filter((name) => !/^(restore|corrupt)/.test(name));

const SEEDS_PER_ROUND = Math.ceil(simulatedFailpoints.length / PER_SEED);

/** The failpoints of a seed that a cluster of so many nodes can come to. */
export function dealFailpoints(seed: number, nodes: number): readonly Failpoint[] {
  const round = Math.floor(seed / SEEDS_PER_ROUND);
  const from = (seed % SEEDS_PER_ROUND) * PER_SEED;
  const dealt = shuffled(stream(round, 'failpoints'), simulatedFailpoints).slice(from, from + PER_SEED);
  return dealt.filter((name) => nodes >= 3 || !needsSnapshots(name));
}

/** Only a node that takes in a snapshot comes there: in small clusters nobody writes while one is away. */
export function needsSnapshots(name: Failpoint): boolean {
  return /^(snapshot|generation(BeforeSwitch|AfterSync|AfterSwitch|BeforeRemove|AfterRemove)$)/.test(name);
}

/** Reached where segments are small. */
export function needsSegments(name: Failpoint): boolean {
  return /^(segment|table|copy|recovery.*Remove$)/.test(name);
}
