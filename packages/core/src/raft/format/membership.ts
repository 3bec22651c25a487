/**
 * Configurations, their changes and Progress as text.
 */
import type { ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType } from '../confchange/conf-change.js';
import type { ConfState } from '../snapshot.js';
import type { Progress } from '../tracker/progress.js';
import type { ProgressMap, TrackerConfig } from '../tracker/tracker.js';
import type { NodeId } from '../types.js';
import { describeProgressState } from './ids.js';

const TRANSITION_NAMES: Readonly<Record<ConfChangeTransition, string>> = {
  auto: 'ConfChangeTransitionAuto',
  implicit: 'ConfChangeTransitionJointImplicit',
  explicit: 'ConfChangeTransitionJointExplicit',
};

const TYPE_NAMES: Readonly<Record<ConfChangeType, string>> = {
  addVoter: 'ConfChangeAddNode',
  addLearner: 'ConfChangeAddLearnerNode',
  remove: 'ConfChangeRemoveNode',
  update: 'ConfChangeUpdateNode',
};

const TYPE_LETTERS: Readonly<Record<ConfChangeType, string>> = {
  addVoter: 'v',
  addLearner: 'l',
  remove: 'r',
  update: 'u',
};

/** `voters=(1 2)&&(1) learners=(3) learners_next=(2) autoleave`. */
export function describeConfig(config: TrackerConfig): string {
  const { incoming, outgoing } = config.voters;
  let text = `voters=${describeIds(incoming)}`;
  if (outgoing.length > 0) text += `&&${describeIds(outgoing)}`;
  if (config.learners.length > 0) text += ` learners=${describeIds(config.learners)}`;
  if (config.learnersNext.length > 0) text += ` learners_next=${describeIds(config.learnersNext)}`;
  return config.autoLeave ? `${text} autoleave` : text;
}

/** `Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false`. */
export function describeConfState(state: ConfState): string {
  const list = (ids: readonly NodeId[]): string => `[${ids.join(' ')}]`;
  return (
    `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)} Learners:${list(state.learners)} ` +
    `LearnersNext:${list(state.learnersNext)} AutoLeave:${state.autoLeave}`
  );
}

/** `StateProbe match=0 next=1` and what else is so. */
export function describeProgress(progress: Progress): string {
  let text = `${describeProgressState(progress.state)} match=${progress.match} next=${progress.next}`;
  if (progress.isLearner) text += ' learner';
  if (progress.isPaused) text += ' paused';
  if (progress.pendingSnapshot > 0) text += ` pendingSnap=${progress.pendingSnapshot}`;
  if (!progress.isRecentlyActive) text += ' inactive';
  const { inflights } = progress;
  if (inflights.count > 0) text += ` inflight=${inflights.count}${inflights.isFull ? '[full]' : ''}`;
  return text;
}

/** One line per member, ascending. */
export function describeProgressMap(progress: ProgressMap): string {
  const ids = [...progress.keys()].sort((a, b) => a - b);
  const lines = ids.map((id) => {
    const one = progress.get(id);
    return one === undefined ? '' : `${id}: ${describeProgress(one)}\n`;
  });
  return lines.join('');
}

/** `v1 l2 r3`, as scenario files write and read changes. */
export function describeChanges(changes: readonly ConfChangeSingle[]): string {
  return changes.map(({ type, nodeId }) => `${TYPE_LETTERS[type]}${nodeId}`).join(' ');
}

/** The change in the long form of log lines. */
export function describeConfChange(change: ConfChange): string {
  const long = ({ type, nodeId }: ConfChangeSingle): string => `type:${TYPE_NAMES[type]} node_id:${nodeId}`;
  if (change.version === 1) return long(change.change);
  return [
    `transition:${TRANSITION_NAMES[change.transition]}`,
    ...change.changes.map((single) => `changes:{${long(single)}}`),
  ].join(' ');
}

function describeIds(ids: readonly NodeId[]): string {
  return `(${ids.join(' ')})`;
}
