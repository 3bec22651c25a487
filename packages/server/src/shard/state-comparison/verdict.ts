/**
 * Who of the replicas that told their state hashes at one applied index is wrong (R14). Pure.
 *
 * Two questions, one after the other. Chain hash, revision and compactRevision follow from the log alone, so they are compared always. The content hash
 * also depends on how far physical compaction is, so it is compared only between replicas that agree on the first and have finished compacting.
 *
 * A value is right when a quorum of the voters holds it, of both halves of a joint configuration. While that can still become so, nobody is
 * accused; when it cannot any more, nobody is known to be right and all are in doubt.
 */
import type { StateHashes } from '@kvorum/core/kv/meta.js';
import { type JointConfig, jointVoteResult } from '@kvorum/core/raft/quorum/joint.js';
import type { VoteResult } from '@kvorum/core/raft/quorum/majority.js';
import type { NodeId } from '@kvorum/core/raft/types.js';
import type { Accusation } from '../../transport/comparison-codec.js';

/** What the reports of one index tell. */
export interface Verdict {
  /** `equal`: a quorum agrees in everything that could be compared. `differs`: replicas differ and it is open which are right. */
  readonly state: 'open' | 'differs' | 'equal';
  /** Replicas that must stop serving. */
  readonly accused: ReadonlyMap<NodeId, Accusation>;
}

/** Judges the reports of one index. */
export function judge(reports: ReadonlyMap<NodeId, StateHashes>, voters: JointConfig): Verdict {
  const facts = new Map([...reports].map(([node, hashes]) => [node, factsOf(hashes)]));
  const right = contest(facts, voters);
  if (typeof right !== 'object') return unsettled(right, facts, 'log');
  const accused = accuse(facts, right.value, 'log');
  const contents = new Map<NodeId, string>();
  for (const [node, hashes] of reports) {
    // Who is wrong already holds no content that could win.
    if (accused.has(node)) contents.set(node, `accused ${node}`);
    else if (!hashes.isCompacting) contents.set(node, hexOf(hashes.contentHash));
  }
  const rightContent = contest(contents, voters);
  if (typeof rightContent !== 'object') {
    const { state, accused: inDoubt } = unsettled(rightContent, contents, 'content');
    return { state, accused: new Map([...inDoubt, ...accused]) };
  }
  return { state: 'equal', accused: new Map([...accuse(contents, rightContent.value, 'content'), ...accused]) };
}

/** The value that a quorum holds; `open` while some value may still get one, else `none`. */
function contest(
  values: ReadonlyMap<NodeId, string>,
  voters: JointConfig,
): { readonly value: string } | 'open' | 'none' {
  const standing = (value: string | undefined): VoteResult =>
    jointVoteResult(voters, {
      vote: (node) => (values.has(node) ? values.get(node) === value : undefined),
    });
  for (const value of new Set(values.values())) if (standing(value) === 'won') return { value };
  // Those that have not told theirs may all hold one that nobody told yet.
  const candidates = [undefined, ...new Set(values.values())];
  return candidates.some((value) => standing(value) === 'pending') ? 'open' : 'none';
}

function unsettled(
  outcome: 'open' | 'none',
  values: ReadonlyMap<NodeId, string>,
  differsIn: Accusation['differsIn'],
): Verdict {
  const differ = new Set(values.values()).size > 1;
  if (outcome === 'open') return { state: differ ? 'differs' : 'open', accused: new Map() };
  return {
    state: 'differs',
    accused: new Map([...values.keys()].map((node) => [node, { cause: 'noMajority', differsIn }])),
  };
}

function accuse(
  values: ReadonlyMap<NodeId, string>,
  right: string,
  differsIn: Accusation['differsIn'],
): Map<NodeId, Accusation> {
  const wrong = [...values].filter(([, value]) => value !== right);
  return new Map(wrong.map(([node]) => [node, { cause: 'minority', differsIn }]));
}

function factsOf({ appliedTerm, currentRevision, compactRevision, chainHash }: StateHashes): string {
  return `${appliedTerm} ${currentRevision} ${compactRevision} ${hexOf(chainHash)}`;
}

function hexOf({ high, low }: StateHashes['chainHash']): string {
  return `${high.toString(16)}.${low.toString(16)}`;
}
