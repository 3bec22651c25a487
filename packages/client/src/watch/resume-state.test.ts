import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchOddFailuresMax } from './limits.js';
import {
  type ResumeEvent,
  type ResumeOptions,
  type ResumeOutput,
  type ResumeState,
  startWatch,
  stepWatch,
} from './resume-state.js';

interface Change {
  readonly revision: number;
  readonly name: string;
}
interface Fault {
  readonly code: string;
}
type Event = ResumeEvent<Change, Fault>;
type Output = ResumeOutput<Change, Fault>;
type State = ResumeState<Change>;

const plain: ResumeOptions = { mayFragment: false, wantsProgress: false, heldBytesMax: 100 };
const away: Event = { kind: 'failed', failure: { code: 'UNAVAILABLE' } };
const cancelled: Event = { kind: 'cancelled', failure: { code: 'CANCELLED' } };
const finished: Event = { kind: 'finished' };
const silent: Event = { kind: 'silent' };
const paused: Event = { kind: 'paused' };

/** `5a 5b 6a` as events; a response of 10 bytes. */
function told(revision: number, events = '', isFragment = false): Event {
  const changes = events.split(' ').filter((text) => text !== '');
  return {
    kind: 'response',
    revision,
    isFragment,
    bytes: 10,
    events: changes.map((text) => ({ revision: Number.parseInt(text, 10), name: text })),
  };
}

/** Outputs in one line each. */
function words(outputs: readonly Output[]): string[] {
  return outputs.map((output) => {
    switch (output.kind) {
      case 'open':
        return `open ${output.fromRevision}`;
      case 'started':
        return `started ${output.fromRevision}`;
      case 'deliver': {
        const { events, revision, isFragment } = output.batch;
        return `${revision}:${events.map(({ name }) => ` ${name}`).join('')}${isFragment ? ' …' : ''}`;
      }
      case 'leave':
        return 'leave';
      case 'pause':
        return `pause ${output.failures}`;
      case 'end':
        return `end ${output.failure.code}`;
      case 'endBy':
        return `end by ${output.trouble}`;
    }
  });
}

/** Runs events from the start of a watch, and returns the outputs of each, and the last state. */
function run(
  fromRevision: number,
  events: readonly Event[],
  options: Partial<ResumeOptions> = {},
): { readonly outputs: readonly string[][]; readonly state: State } {
  let { state } = startWatch<Change, Fault>(fromRevision);
  const outputs = events.map((event) => {
    const step = stepWatch(state, event, { ...plain, ...options });
    state = step.state;
    return words(step.outputs);
  });
  return { outputs, state };
}

const states: Readonly<Record<State['name'], readonly Event[]>> = {
  opening: [],
  following: [told(4)],
  pausing: [told(4), away],
  ended: [cancelled],
};

/** Of each event in each state: the state after it, and its outputs. Begun from revision 5. */
const table: readonly (readonly [State['name'], Event, State['name'], readonly string[]])[] = [
  ['opening', told(4), 'following', ['started 5']],
  ['opening', told(9), 'pausing', ['leave', 'pause 1']],
  ['opening', away, 'pausing', ['leave', 'pause 1']],
  ['opening', { kind: 'failed', failure: { code: 'COMPACTED' } }, 'ended', ['end COMPACTED']],
  ['opening', { kind: 'failed', failure: { code: 'INTERNAL' } }, 'pausing', ['leave', 'pause 1']],
  ['opening', finished, 'pausing', ['leave', 'pause 1']],
  ['opening', silent, 'pausing', ['leave', 'pause 1']],
  ['opening', paused, 'opening', []],
  ['opening', cancelled, 'ended', ['end CANCELLED']],
  ['following', told(6, '5a 6a'), 'following', ['6: 5a 6a']],
  ['following', told(6), 'following', []],
  ['following', told(3), 'following', []],
  ['following', told(6, '6a 5a'), 'pausing', ['leave', 'pause 1']],
  ['following', away, 'pausing', ['leave', 'pause 1']],
  ['following', { kind: 'failed', failure: { code: 'COMPACTED' } }, 'ended', ['end COMPACTED']],
  ['following', finished, 'pausing', ['leave', 'pause 1']],
  ['following', silent, 'pausing', ['leave', 'pause 1']],
  ['following', paused, 'following', []],
  ['following', cancelled, 'ended', ['end CANCELLED']],
  ['pausing', told(9, '9a'), 'pausing', []],
  ['pausing', away, 'pausing', []],
  ['pausing', finished, 'pausing', []],
  ['pausing', silent, 'pausing', []],
  ['pausing', paused, 'opening', ['open 5']],
  ['pausing', cancelled, 'ended', ['end CANCELLED']],
  ['ended', told(9, '9a'), 'ended', []],
  ['ended', away, 'ended', []],
  ['ended', finished, 'ended', []],
  ['ended', silent, 'ended', []],
  ['ended', paused, 'ended', []],
  ['ended', cancelled, 'ended', []],
];

test('R11: every event in every state of a watch', () => {
  for (const [from, event, to, expected] of table) {
    const { outputs, state } = run(5, [...states[from], event]);
    const what = `${from} × ${JSON.stringify(event)}`;
    assert.deepEqual([state.name, outputs.at(-1)], [to, expected], what);
  }
  const covered = new Set(table.map(([from, { kind }]) => `${from} ${kind}`));
  assert.equal(covered.size, 4 * 6, 'each kind of event in each state');
});

test('R11: a watch from now on begins where its first response says, and goes on there after a loss before any event', () => {
  assert.deepEqual(words(startWatch<Change, Fault>(0).outputs), ['open 0']);
  const { outputs } = run(0, [told(41), away, paused, told(41), told(43, '42a 43a'), away, paused]);
  assert.deepEqual(outputs, [
    ['started 42'],
    ['leave', 'pause 1'],
    ['open 42'],
    [],
    ['43: 42a 43a'],
    ['leave', 'pause 1'],
    ['open 44'],
  ]);
});

test('R11: a loss before the first response begins anew', () => {
  assert.deepEqual(run(0, [away, paused, told(7)]).outputs, [['leave', 'pause 1'], ['open 0'], ['started 8']]);
});

test('R11: what comes again is left out, and a node that lags moves nothing back', () => {
  const { outputs } = run(
    5,
    [told(4), told(7, '5a 7a'), away, paused, told(3), told(6, '4a 5a'), told(8, '7a 8a'), told(6)],
    {
      wantsProgress: true,
    },
  );
  assert.deepEqual(outputs.slice(1), [['7: 5a 7a'], ['leave', 'pause 1'], ['open 8'], [], [], ['8: 8a'], []]);
});

test('R11: a revision in parts is held until it is whole, also over a loss', () => {
  const parts = [told(4), told(5, '5a 6a 6b', true), told(5, '6c', true)];
  assert.deepEqual(run(5, [...parts, told(7, '6d 7a')]).outputs, [['started 5'], ['5: 5a'], [], ['7: 6a 6b 6c 6d 7a']]);
  const { outputs } = run(5, [...parts, away, paused, told(5), told(5, '6a 6b 6c', true), told(6, '6d')]);
  assert.deepEqual(outputs.slice(2), [[], ['leave', 'pause 1'], ['open 6'], [], [], ['6: 6a 6b 6c 6d']]);
});

test('R11: parts that were asked for come once each, whatever the next node makes of them', () => {
  const parts = [told(4), told(5, '5a 6a 6b', true), told(5, '6c', true), away, paused, told(5)];
  const before = [['started 5'], ['5: 5a 6a 6b …'], ['5: 6c …'], ['leave', 'pause 1'], ['open 6'], []];
  const mayFragment = { mayFragment: true };
  assert.deepEqual(run(5, [...parts, told(7, '6a 6b 6c 6d 7a')], mayFragment).outputs, [...before, ['7: 6d 7a']]);
  const smaller = [told(5, '6a', true), told(5, '6b', true), told(5, '6c 6d', true), told(6, '6e')];
  assert.deepEqual(run(5, [...parts, ...smaller], mayFragment).outputs, [...before, [], [], ['5: 6d …'], ['6: 6e']]);
  const again = [told(5, '6a 6b', true), away, paused, told(5), told(6, '6a 6b 6c 6d')];
  assert.deepEqual(run(5, [...parts, ...again], mayFragment).outputs, [
    ...before,
    ...[[], ['leave', 'pause 1'], ['open 6'], [], ['6: 6d']],
  ]);
});

test('a revision above the limit of what is held ends the watch; what was held before does not count', () => {
  const held = [told(4), told(4, '5a', true), told(4, '5b', true)];
  assert.deepEqual(run(5, [...held, told(4, '5c', true)], { heldBytesMax: 29 }).outputs.at(-1), [
    'end by tooLargeRevision',
  ]);
  const next = [told(5, '5c 6a', true), told(5, '6b', true), told(6, '6c')];
  assert.deepEqual(run(5, [...held, ...next], { heldBytesMax: 29 }).outputs.slice(3), [
    ['5: 5a 5b 5c'],
    [],
    ['6: 6a 6b 6c'],
  ]);
});

test('R11: progress means that everything up to it was delivered', () => {
  const { outputs } = run(0, [told(9), told(9), told(12), told(11), told(12, '13a', true), told(12), told(13, '13b')], {
    wantsProgress: true,
  });
  assert.deepEqual(outputs, [['started 10', '9:'], ['9:'], ['12:'], [], [], ['12:'], ['13: 13a 13b']]);
});

test('R11: no progress is told between the parts of a revision', () => {
  const options = { wantsProgress: true, mayFragment: true };
  const { outputs } = run(
    5,
    [told(4), told(4, '5a', true), away, paused, told(4), told(4), told(6, '5a 5b'), told(6)],
    options,
  );
  assert.deepEqual(outputs.slice(4), [[], [], ['6: 5b'], ['6:']]);
});

test('pauses grow until a stream has gone well, not merely begun', () => {
  const again = [paused, told(4), away];
  const { outputs } = run(5, [away, ...again, ...again, paused, told(4), told(5), away]);
  const pauses = outputs.flat().filter((word) => word.startsWith('pause'));
  assert.deepEqual(pauses, ['pause 1', 'pause 2', 'pause 3', 'pause 1']);
});

test('servers that are away are waited for; other failures in a row end the watch', () => {
  const rounds = (event: Event, count: number): Event[] => Array.from({ length: count }, () => [event, paused]).flat();
  assert.equal(run(5, rounds(away, 100)).state.name, 'opening');
  const odd: Event = { kind: 'failed', failure: { code: 'TOO_MANY_REQUESTS' } };
  assert.equal(run(5, rounds(odd, watchOddFailuresMax - 1)).state.name, 'opening');
  assert.deepEqual(run(5, rounds(odd, watchOddFailuresMax)).outputs.at(-2), ['end TOO_MANY_REQUESTS']);
  assert.deepEqual(run(5, rounds(told(9), watchOddFailuresMax)).outputs.at(-2), ['end by outOfOrder']);
});
