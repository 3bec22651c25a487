/**
 * Which rare kind of fault a seed is sure to have. Like failpoints they are dealt, not drawn: a few seeds in a row have each of them once, so that in any fifty
 * seeds none is left out by chance. Each round is shuffled anew.
 */
import { shuffled, stream } from '../world/chance.js';

/**
 * What a minority of nodes may suffer only, so that one keeps others from happening. Nodes that miss something, one that lost it, and those who have it: that
 * needs an odd number of nodes, so it is dealt twice.
 */
const cards = [
  'bitFlip',
  'zeroedSector',
  'misdirectedWrite',
  'wipe',
  'silentCorruption',
  'damageNeeded',
  'damageNeeded',
] as const;

export type SureFault = (typeof cards)[number];

/** The kinds that are dealt. */
export const sureFaultKinds: readonly SureFault[] = [...new Set(cards)];

/** The kind that a seed with so many nodes is sure to have; none where it can't happen. */
export function dealSureFaults(seed: number, nodes: number): readonly SureFault[] {
  const round = Math.floor(seed / cards.length);
  const dealt = shuffled(stream(round, 'sure faults'), cards)[seed % cards.length];
  const isPossible = nodes >= 3 && (dealt !== 'damageNeeded' || nodes % 2 === 1);
  return dealt === undefined || !isPossible ? [] : [dealt];
}

/** Whether the kind uses up what the cluster can bear of lost bytes. */
export function isSureKind(kind: string): boolean {
  return sureFaultKinds.some((one) => one === kind);
}
