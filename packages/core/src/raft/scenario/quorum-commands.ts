/**
 * The commands `committed` and `vote`: quorum arithmetic, checked against other ways to the same result.
 */
import { describeIndex, describeQuorum, describeVoteResult } from '../format/quorum.js';
import { type JointConfig, jointCommittedIndex, jointVoteResult, jointVoters } from '../quorum/joint.js';
import type { AckedIndexer, MajorityConfig } from '../quorum/majority.js';
import { committedIndex, quorumOf, voteResult } from '../quorum/majority.js';
import type { LogIndex, NodeId } from '../types.js';
import { idsOf, parseInteger, ScenarioError, valueOf, valuesOf } from './arguments.js';
import type { Case } from './parser.js';

const VOTES: ReadonlyMap<string, number> = new Map([
  ['y', 2],
  ['n', 1],
  ['_', 0],
]);

/** Carries out `committed` or `vote`. */
export function runQuorumCommand(one: Case): string {
  const isJoint = valuesOf(one, 'cfgj') !== undefined;
  const first = idsOf(one, 'cfg');
  const second = isJoint && valueOf(one, 'cfgj') !== 'zero' ? idsOf(one, 'cfgj') : [];
  const config: JointConfig = { incoming: ascending(first), outgoing: ascending(second) };
  const isVote = one.command === 'vote';
  const values = isVote ? (valuesOf(one, 'votes') ?? []).map(parseVote) : (valuesOf(one, 'idx') ?? []).map(parseIndex);
  const voters = jointVoters(config);
  if (voters.length !== values.length) {
    const map = voters.map((id) => `${id}:{}`).join(' ');
    return `error: mismatched input (explicit or _) for voters map[${map}]: [${values.join(' ')}]\n`;
  }
  const given = assign([...first, ...second], values);
  if (isVote) return runVote(config, isJoint, given);
  return isJoint ? runJointCommitted(config, given) : runCommitted(config.incoming, given);
}

function runCommitted(config: MajorityConfig, given: ReadonlyMap<NodeId, number>): string {
  const acked = indexer(given);
  const index = committedIndex(config, acked);
  let text = describeQuorum(config, acked);
  const check = (other: LogIndex, route: string): void => {
    if (other !== index) text += `${describeIndex(other)} <-- ${route}\n`;
  };
  check(bruteForceCommitted(config, acked), 'via alternative computation');
  check(jointCommittedIndex({ incoming: config, outgoing: [] }, acked), 'via zero-joint quorum');
  check(jointCommittedIndex({ incoming: config, outgoing: config }, acked), 'via self-joint quorum');
  for (const id of config) {
    const own = given.get(id) ?? 0;
    if (own === 0 || index <= own) continue;
    // Who is behind the result can't change it by falling further behind.
    for (const lower of [own - 1, 0]) {
      check(committedIndex(config, indexer(new Map(given).set(id, lower))), `overlaying ${id}->${lower}`);
    }
  }
  return `${text}${describeIndex(index)}\n`;
}

function runJointCommitted(config: JointConfig, given: ReadonlyMap<NodeId, number>): string {
  const acked = indexer(given);
  const index = jointCommittedIndex(config, acked);
  let text = describeQuorum(jointVoters(config), acked);
  const swapped = jointCommittedIndex({ incoming: config.outgoing, outgoing: config.incoming }, acked);
  if (swapped !== index) text += `${describeIndex(swapped)} <-- via symmetry\n`;
  return `${text}${describeIndex(index)}\n`;
}

function runVote(config: JointConfig, isJoint: boolean, given: ReadonlyMap<NodeId, number>): string {
  const votes = {
    vote: (id: NodeId): boolean | undefined => {
      const value = given.get(id);
      return value === undefined ? undefined : value !== 1;
    },
  };
  if (!isJoint) return `${describeVoteResult(voteResult(config.incoming, votes))}\n`;
  const result = jointVoteResult(config, votes);
  const swapped = jointVoteResult({ incoming: config.outgoing, outgoing: config.incoming }, votes);
  const disagreement = swapped === result ? '' : `${describeVoteResult(swapped)} <-- via symmetry\n`;
  return `${disagreement}${describeVoteResult(result)}\n`;
}

/** The highest index that enough voters reach, counted voter by voter. */
function bruteForceCommitted(config: MajorityConfig, acked: AckedIndexer): LogIndex {
  if (config.length === 0) return Number.POSITIVE_INFINITY;
  const indexes = config.map((id) => acked.ackedIndex(id) ?? 0);
  const reached = indexes.filter(
    (index) => indexes.filter((other) => other >= index).length >= quorumOf(config.length),
  );
  return Math.max(0, ...reached);
}

/** Values go to ids in order, each id once; 0 stands for absent. */
function assign(ids: readonly NodeId[], values: readonly number[]): ReadonlyMap<NodeId, number> {
  const assigned = new Map<NodeId, number>();
  [...new Set(ids)].forEach((id, at) => {
    const value = values[at] ?? 0;
    if (value !== 0) assigned.set(id, value);
  });
  return assigned;
}

function indexer(given: ReadonlyMap<NodeId, number>): AckedIndexer {
  return { ackedIndex: (id) => given.get(id) };
}

function parseVote(text: string): number {
  const vote = VOTES.get(text);
  if (vote === undefined) throw new ScenarioError(`unknown vote "${text}"`);
  return vote;
}

function parseIndex(text: string): number {
  if (text === '_') return 0;
  const index = parseInteger(text);
  if (index === 0) throw new ScenarioError('cannot use 0 as idx');
  return index;
}

function ascending(ids: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
