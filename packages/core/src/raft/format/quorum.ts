/**
 * A majority and what its voters acknowledged, as a table with bars.
 */
import type { AckedIndexer, MajorityConfig, VoteResult } from '../quorum/majority.js';
import type { LogIndex } from '../types.js';

const VOTE_NAMES: Readonly<Record<VoteResult, string>> = { pending: 'VotePending', lost: 'VoteLost', won: 'VoteWon' };

/** The result of a vote as log lines tell it. */
export function describeVoteResult(result: VoteResult): string {
  return VOTE_NAMES[result];
}

/** An index, `∞` for the empty configuration's. */
export function describeIndex(index: LogIndex): string {
  return index === Number.POSITIVE_INFINITY ? '∞' : String(index);
}

/** A row per voter; the length of its bar is the number of voters that are strictly behind. */
export function describeQuorum(config: MajorityConfig, acked: AckedIndexer): string {
  const voters = config.length;
  if (voters === 0) return '<empty majority quorum>';
  const bars = barLengths(config, acked);
  let text = `${' '.repeat(voters)}    idx\n`;
  config.forEach((id, at) => {
    const index = acked.ackedIndex(id);
    const bar = bars[at] ?? 0;
    const drawn = index === undefined ? `?${' '.repeat(voters)}` : `${'x'.repeat(bar)}>${' '.repeat(voters - bar)}`;
    text += `${drawn} ${String(index ?? 0).padStart(5)}    (id=${id.toString(16)})\n`;
  });
  return text;
}

function barLengths(config: MajorityConfig, acked: AckedIndexer): readonly number[] {
  const order = config
    .map((id, at) => ({ id, at, index: acked.ackedIndex(id) ?? 0 }))
    .sort((a, b) => a.index - b.index || a.id - b.id);
  const bars: number[] = new Array(config.length).fill(0);
  let bar = 0;
  let previous = 0;
  order.forEach(({ at, index }, position) => {
    if (index > previous) bar = position;
    previous = index;
    bars[at] = bar;
  });
  return bars;
}
