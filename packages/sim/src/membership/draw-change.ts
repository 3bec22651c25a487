/** Random changes of membership that a shard's leader may be asked for. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import {
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeTransition,
  type ConfChangeType,
  LEAVE_JOINT,
} from '@kvorum/core/raft/confchange/conf-change.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import { chance, integerIn, pick, shuffled } from '../world/chance.js';

/** Every kind of change, as totals name them. */
export const membershipKinds = [
  'add voter',
  'add learner',
  'promote learner',
  'demote voter',
  'remove voter',
  'remove learner',
  'replace voter',
  'enter joint',
  'leave joint',
  'remove leader',
  'transfer leader',
] as const;

export type MembershipKind = (typeof membershipKinds)[number];

/** A change, or whom leadership is handed to. */
export type Drawn =
  | { readonly kind: Exclude<MembershipKind, 'transfer leader'>; readonly change: ConfChange }
  | { readonly kind: 'transfer leader'; readonly to: number };

export interface DrawFrom {
  readonly random: Random;
  readonly confState: ConfState;
  readonly leader: number;
  /** Nodes that may be added. */
  readonly sound: readonly number[];
}

/** Fewer voters than this are seldom made fewer still. */
const VOTERS_LIKED_MIN = 3;

/** Undefined where the drawn kind has nobody to happen to. */
export function drawChange(from: DrawFrom): Drawn | undefined {
  const { random, confState, leader } = from;
  if (chance(random, 0.15)) {
    const others = confState.voters.filter((id) => id !== leader);
    return others.length === 0 ? undefined : { kind: 'transfer leader', to: pick(random, others) };
  }
  if (confState.votersOutgoing.length > 0) return { kind: 'leave joint', change: LEAVE_JOINT };
  const isFew = confState.voters.length < VOTERS_LIKED_MIN && chance(random, 0.8);
  const kinds = isFew ? growing : all;
  return kinds[integerIn(random, 0, kinds.length - 1)]?.(from);
}

type Draw = (from: DrawFrom) => Drawn | undefined;

const addVoter: Draw = (from) => single('add voter', 'addVoter', strangers(from));
const addLearner: Draw = (from) => single('add learner', 'addLearner', strangers(from));
const promote: Draw = (from) => {
  const learners = shuffled(from.random, from.confState.learners);
  return single('promote learner', 'addVoter', learners);
};
const demote: Draw = (from) => single('demote voter', 'addLearner', followers(from));
const removeVoter: Draw = (from) => single('remove voter', 'remove', followers(from));
const removeLearner: Draw = (from) => single('remove learner', 'remove', from.confState.learners);
const removeLeader: Draw = ({ random, leader }) =>
  single('remove leader', chance(random, 0.7) ? 'remove' : 'addLearner', [leader]);

const replace: Draw = (from) => {
  const { random, confState } = from;
  const [leaving] = shuffled(random, confState.voters);
  const [coming] = shuffled(random, [...confState.learners, ...strangers(from)]);
  if (leaving === undefined || coming === undefined) return undefined;
  const changes = [
    { type: chance(random, 0.7) ? ('remove' as const) : ('addLearner' as const), nodeId: leaving },
    { type: 'addVoter' as const, nodeId: coming },
  ];
  return { kind: 'replace voter', change: several(changes, chance(random, 0.7) ? 'auto' : 'implicit') };
};

const enterJoint: Draw = (from) => {
  const { random, confState, sound } = from;
  const ids = shuffled(random, [...new Set([...sound, ...confState.voters, ...confState.learners])]);
  const changes = ids.slice(0, integerIn(random, 1, 3)).map((nodeId): ConfChangeSingle => {
    const isMember = confState.voters.includes(nodeId) || confState.learners.includes(nodeId);
    if (!isMember) return { type: chance(random, 0.7) ? 'addVoter' : 'addLearner', nodeId };
    if (confState.learners.includes(nodeId)) return { type: 'addVoter', nodeId };
    return { type: chance(random, 0.5) ? 'remove' : 'addLearner', nodeId };
  });
  if (changes.length === 0) return undefined;
  return { kind: 'enter joint', change: several(changes, chance(random, 0.6) ? 'explicit' : 'implicit') };
};

const growing: readonly Draw[] = [addVoter, addVoter, addLearner, promote, promote, replace, enterJoint];
const all: readonly Draw[] = [
  addVoter,
  addVoter,
  addLearner,
  addLearner,
  promote,
  promote,
  demote,
  removeVoter,
  removeVoter,
  // Often there is no learner.
  removeLearner,
  removeLearner,
  removeLearner,
  removeLeader,
  replace,
  replace,
  enterJoint,
  enterJoint,
];

function strangers({ random, confState, sound }: DrawFrom): number[] {
  const members = [...confState.voters, ...confState.votersOutgoing, ...confState.learners];
  return shuffled(random, sound).filter((id) => !members.includes(id));
}

function followers({ random, confState, leader }: DrawFrom): number[] {
  return shuffled(random, confState.voters).filter((id) => id !== leader);
}

function single(kind: Exclude<MembershipKind, 'transfer leader'>, type: ConfChangeType, ids: readonly number[]) {
  const [nodeId] = ids;
  return nodeId === undefined ? undefined : { kind, change: several([{ type, nodeId }], 'auto') };
}

function several(changes: readonly ConfChangeSingle[], transition: ConfChangeTransition): ConfChange {
  return { version: 2, transition, changes, context: new Uint8Array(0) };
}
