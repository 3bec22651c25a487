/**
 * Membership changes as scenario files write them: `v1 l2 r3 u4`.
 */
import type { ConfChangeSingle, ConfChangeType } from '../confchange/conf-change.js';
import { parseInteger, ScenarioError } from './arguments.js';

const TYPES: ReadonlyMap<string, ConfChangeType> = new Map([
  ['v', 'addVoter'],
  ['l', 'addLearner'],
  ['r', 'remove'],
  ['u', 'update'],
]);

/** Parses changes separated by white space; none for an empty text. */
export function parseChanges(text: string): readonly ConfChangeSingle[] {
  const tokens = text.split(/\s+/).filter((token) => token !== '');
  return tokens.map((token) => {
    const type = TYPES.get(token.slice(0, 1));
    if (type === undefined) throw new ScenarioError(`unknown change "${token}"`);
    return { type, nodeId: parseInteger(token.slice(1)) };
  });
}
