import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKnobs } from './fixed-knobs.js';
import { drawKnobs } from './knobs.js';
import { assertNode } from './node-version.js';
import { readOptions } from './options.js';

const read = (text: string, env = {}) => readOptions(text === '' ? [] : text.split(' '), env);

test('what is not given has its default', () => {
  const { seeds, jobs, fixed, steps, hunt, expectNode } = read('');
  assert.deepEqual(
    { seeds, jobs, fixed, steps, hunt, expectNode },
    {
      seeds: [1],
      jobs: 2,
      fixed: {},
      steps: undefined,
      hunt: undefined,
      expectNode: undefined,
    },
  );
});

test('seeds: one, many, or those of a file', () => {
  assert.deepEqual(read('--seed 7').seeds, [7]);
  assert.deepEqual(read('--seeds 3 --base-seed 10').seeds, [10, 11, 12]);
  assert.deepEqual(read('--seeds-file a.txt').seeds, []);
  assert.deepEqual(read('--seeds-file a.txt --seeds 2').seeds, [1, 2]);
  assert.deepEqual(read('--mutations quorumOfHalf --seeds 9').hunt, {
    names: ['quorumOfHalf'],
    baseSeed: 1,
    seedsMax: 9,
    jobs: 2,
  });
});

test('groups: those of each seed where no knob or end is given, or one alone', () => {
  for (const text of ['--seed 7', '--seeds 3', '--seeds-file a.txt --seeds 2', '--seed 7 --twice'])
    assert.equal(read(text).hasGroups, true, text);
  for (const text of ['--seed 7 --nodes 3', '--seed 7 --steps 9', '--seed 7 --trace'])
    assert.equal(read(text).hasGroups, false, text);
  assert.equal(read('--group 67').group, 67);
  const { group, hunt } = read('--mutations quorumOfHalf --group 67');
  assert.deepEqual([group, hunt?.names], [67, ['quorumOfHalf']]);
});

test('knobs as a failed run prints them are taken', () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const knobs = drawKnobs(seed);
    assert.deepEqual(readKnobs('--knobs', JSON.stringify(knobs)), knobs);
  }
});

test('knobs: some by name, any as JSON', () => {
  assert.deepEqual(read('--nodes 5 --faults-ms 900 --faults pause,wipe').fixed, {
    nodes: 5,
    faultsMs: 900,
    faults: ['pause', 'wipe'],
  });
  const { fixed } = read('--nodes 5 --knobs {"nodes":3,"thinkMs":1.5,"faults":["pause"]}');
  assert.deepEqual(fixed, { nodes: 5, thinkMs: 1.5, faults: ['pause'] });
});

const wrong: readonly (readonly [args: string, message: RegExp])[] = [
  ['--seed -4', /^--seed: "-4" is not allowed; allowed: an integer from 0 to 4294967295$/],
  ['--seed=1e3', /^--seed: "1e3" is not allowed/],
  ['--seed 4294967296', /^--seed: "4294967296" is not allowed/],
  ['--seeds 0', /^--seeds: "0" is not allowed; allowed: an integer from 1 to 1000000$/],
  [
    '--base-seed 4294967295 --seeds 2',
    /^--base-seed: 4294967295 is not allowed; allowed: at most 4294967294 for 2 seeds$/,
  ],
  ['--jobs 65', /^--jobs: "65" is not allowed; allowed: an integer from 1 to 64$/],
  ['--nodes 8', /^--nodes: "8" is not allowed; allowed: an integer from 1 to 7$/],
  ['--faults-ms 600001', /^--faults-ms: "600001" is not allowed; allowed: an integer from 0 to 600000$/],
  ['--steps 0', /^--steps: "0" is not allowed; allowed: an integer from 1 to 1000000000$/],
  ['--steps x', /^--steps: "x" is not allowed/],
  ['--faults pause,nap', /^--faults: "nap" is not allowed; allowed: powerCut, /],
  ['--knobs {', /^--knobs: "{" is not allowed; allowed: an object in JSON$/],
  ['--knobs {"node":3}', /^--knobs: "node" is not allowed; allowed: the knobs nodes, /],
  ['--knobs {"nodes":"3"}', /^--knobs nodes: "3" is not allowed; allowed: an integer from 1 to 7$/],
  ['--knobs {"nodes":1e300}', /^--knobs nodes: 1e\+300 is not allowed; allowed: an integer from 1 to 7$/],
  ['--knobs {"nodes":2.5}', /^--knobs nodes: 2.5 is not allowed/],
  ['--knobs {"splitProbability":5}', /^--knobs splitProbability: 5 is not allowed; allowed: a number from 0 to 0.9$/],
  ['--knobs {"firstVoters":0}', /^--knobs firstVoters: 0 is not allowed; allowed: an integer from 1 to 7$/],
  ['--nodes 3 --knobs {"firstVoters":5}', /^--knobs firstVoters: 5 is not allowed; allowed: at most the 3 nodes$/],
  ['--knobs {"faultEveryMs":0}', /^--knobs faultEveryMs: 0 is not allowed; allowed: a number from 1 to 600000$/],
  ['--knobs {"linearizableReads":"any"}', /^--knobs linearizableReads: "any" is not allowed; allowed: "readIndex" or/],
  ['--seed 7 --base-seed 3', /^--base-seed: "3" is not allowed; allowed: with --seeds or --mutations$/],
  ['--seed 7 --seed 7', /^--seed: "7" is not allowed; allowed: once$/],
  ['--twice --twice', /^--twice: "" is not allowed; allowed: once$/],
  ['--mutations --seed 7', /^--seed: "7" is not allowed; allowed: not with --mutations$/],
  ['--mutations nosuch', /^--mutations: "nosuch" is not allowed; allowed: ackBeforeSync, /],
  ['--shrink', /^--shrink: "" is not allowed; allowed: one seed: --seed N$/],
  ['--seed 7 --shrink --twice', /^--twice: "" is not allowed; allowed: not with --shrink$/],
  ['--group 3 --seed 7', /^--seed: "7" is not allowed; allowed: not with --group$/],
  ['--group 3 --mutations', /^--mutations: "" is not allowed; allowed: one name with --group$/],
  ['--group 42949672960', /^--group: "42949672960" is not allowed; allowed: an integer from 0 to 42949672959$/],
  ['--expect-node 19', /^--expect-node: "19" is not allowed; allowed: an integer from 20 to 99$/],
  ['--sed 4', /^unknown option --sed: did you mean --seed\?$/],
  ['-s', /^unknown option -s: the options are --seed, /],
  ['--seed', /^--seed: "" is not allowed; allowed: a value behind it$/],
  ['--twice=2', /^--twice: "2" is not allowed; allowed: no value$/],
  ['7', /^argument: "7" is not allowed; allowed: names only behind --mutations$/],
  ['--seed 1 --seeds 2', /^--seeds: "2" is not allowed; allowed: either --seed or --seeds$/],
  ['--seeds 2 --trace', /^--trace: "" is not allowed; allowed: one seed: --seed N$/],
];

for (const [args, message] of wrong) {
  test(`S4: ${args} is refused`, () => {
    assert.throws(() => read(args), { name: 'OptionError', code: 'INVALID_OPTION', message });
  });
}

test('the version of Node: new enough, and the one that was asked for', () => {
  assertNode('v20.19.0', undefined);
  assertNode('v22.1.0', 22);
  assert.throws(() => assertNode('v20.18.3', undefined), /node: "v20.18.3" is not allowed; allowed: 20.19 or newer/);
  assert.throws(() => assertNode('v20.20.2', 22), /--expect-node: 22 is not allowed; allowed: 20, since/);
  assert.equal(read('', { KVORUM_EXPECT_NODE: '24' }).expectNode, 24);
  assert.equal(read('--expect-node 26', { KVORUM_EXPECT_NODE: '24' }).expectNode, 26);
  assert.throws(
    () => read('', { KVORUM_EXPECT_NODE: 'lts' }),
    /^OptionError: KVORUM_EXPECT_NODE: "lts" is not allowed/,
  );
});
