import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from './address.js';
import type { NodeOptions } from './node-options.js';
import { OptionError } from './option-error.js';
import { envOf, flagOf, optionNames, optionTable, showOption } from './option-table.js';
import { checkOptions, optionWarnings, resolveOptions, toNodeOptions } from './resolve-options.js';

/** Other options that make a boundary value of one option legal. */
const companions: Readonly<Record<string, NodeOptions>> = {
  heartbeatMs: { electionTimeoutMs: 100_000 },
  electionTimeoutMs: { heartbeatMs: 10 },
  logRetainBytes: { logRetainBytesNode: 1024 ** 4 },
  logRetainBytesNode: { logRetainBytes: 4096 },
};

for (const name of optionNames) {
  const range = optionTable[name].kind.range;
  if (range === undefined) continue;
  test(`S4: ${name} is accepted at its bounds and refused beyond, naming option, value and range`, () => {
    for (const value of [range.min, range.max]) {
      const { options, problems } = checkOptions({ ...companions[name], [name]: value });
      assert.deepEqual(problems, []);
      assert.equal(options?.[name], value);
    }
    const outside = [
      range.min - 1,
      range.max + 1,
      range.min + 0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      'many',
      true,
      null,
    ];
    for (const value of outside) {
      const { problems } = checkOptions({ ...companions[name], [name]: value });
      const [problem] = problems;
      assert.equal(problems.length, 1, `${name} ${value}`);
      assert.equal(problem?.option, name);
      assert.equal(problem?.value, value);
      assert.match(
        problem?.message ?? '',
        new RegExp(`^option ${name}: .+ is not allowed; allowed: (an integer|a number) from .+ to .+`),
      );
    }
  });
}

test('S4: the defaults are allowed and complete', () => {
  const options = resolveOptions({});
  assert.deepEqual(Object.keys(options).sort(), [...optionNames].sort());
  assert.deepEqual([...options.peers], [[1, { host: '127.0.0.1', port: 2380 }]]);
  assert.equal(options.clientAddress?.port, 2379);
  assert.equal(options.electionTimeoutMs, 700);
});

test('a value shown as text is read back as the same value', () => {
  const options = resolveOptions({
    peers: { 2: '10.0.0.2:2380', 3: '[::1]:99' },
    clientAddress: 'off',
    walSegmentBytes: 4097,
  });
  const shown = Object.fromEntries(optionNames.map((name) => [name, showOption(options, name)]));
  const { options: again } = checkOptions(shown);
  assert.deepEqual(again, options);
});

test('resolved options turned back into given ones resolve to the same', () => {
  const options = resolveOptions({ nodeId: 2, peers: { 1: 'a:1', 2: 'b:2' }, clientAddress: 'off', heartbeatMs: 20 });
  assert.deepEqual(resolveOptions(toNodeOptions(options)), options);
});

test('quantities carry units', () => {
  const { options } = checkOptions({
    walSegmentBytes: '16MiB',
    ringBytes: '1 GiB',
    requestTimeoutMs: '3s',
    heartbeatMs: '50ms',
  });
  assert.equal(options?.walSegmentBytes, 16 * 1024 * 1024);
  assert.equal(options?.ringBytes, 1024 ** 3);
  assert.equal(options?.requestTimeoutMs, 3000);
  assert.equal(options?.heartbeatMs, 50);
  assert.equal(checkOptions({ walSegmentBytes: '16MB' }).problems.length, 1);
  assert.equal(checkOptions({ maxConnections: '5s' }).problems.length, 1);
});

test('S4: rules between options name both', () => {
  const { problems } = checkOptions({ heartbeatMs: 500, logRetainBytes: '1GiB' });
  assert.deepEqual(
    problems.map((problem) => problem.message),
    [
      'option electionTimeoutMs: 700 is not allowed; allowed: at least 1500ms (3 × heartbeatMs, which is 500ms)',
      'option logRetainBytesNode: 268435456 is not allowed; allowed: at least logRetainBytes, which is 1GiB',
    ],
  );
});

test('peers are all voters by id, this node included, from any of the three forms', () => {
  const expected = [
    [1, '10.0.0.1:2380'],
    [2, '10.0.0.2:2380'],
    [3, 'node-3.example:2381'],
  ];
  const forms: unknown[] = [
    { 3: 'node-3.example:2381', 1: '10.0.0.1:2380', 2: '10.0.0.2:2380' },
    '3=node-3.example:2381, 1=10.0.0.1:2380,2=10.0.0.2:2380',
    ['3=node-3.example:2381', '1=10.0.0.1:2380,2=10.0.0.2:2380'],
  ];
  for (const peers of forms) {
    const { options } = checkOptions({ nodeId: 2, peers });
    assert.deepEqual(
      [...(options?.peers ?? [])].map(([id, peer]) => [id, formatAddress(peer)]),
      expected,
    );
    assert.equal(options?.peerAddress.host, '10.0.0.2', 'listens on its own address in peers');
  }
  const alone = resolveOptions({ nodeId: 9, peers: { 1: 'a:1' }, peerAddress: '0.0.0.0:2' });
  assert.deepEqual([...alone.peers.keys()], [1, 9], 'a node left out is added');
});

test('S4: peers out of range are refused', () => {
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [at + 1, `h:${at + 1}`]));
  assert.equal(resolveOptions({ peers: nine }).peers.size, 9);
  for (const peers of [
    { ...nine, 10: 'h:10' },
    { 0: 'h:1' },
    { 65536: 'h:1' },
    { 2: 'h:0' },
    { 2: 'h' },
    { 1: 'h:1', 2: 'h:1' },
    '1=a:1,1=b:1',
    7,
  ]) {
    const { problems } = checkOptions({ peers });
    assert.equal(problems[0]?.option, 'peers', JSON.stringify(peers));
  }
  assert.match(checkOptions({ nodeId: 10, peers: nine }).problems[0]?.message ?? '', /at most 9 nodes with this one/);
  assert.match(
    checkOptions({ peers: { 2: '127.0.0.1:2380' } }).problems[0]?.message ?? '',
    /option peerAddress: "127.0.0.1:2380" .* belongs to node 2/,
  );
});

test('clientAddress must not be the peer address of the same node', () => {
  const cases: NodeOptions[] = [
    { clientAddress: '127.0.0.1:2380' },
    { peerAddress: '127.0.0.1:2379' },
    { peers: { 1: '10.0.0.1:9' }, clientAddress: '10.0.0.1:9' },
    { peers: { 1: '10.0.0.1:9' }, peerAddress: '0.0.0.0:9', clientAddress: '10.0.0.1:9' },
  ];
  for (const options of cases) {
    const [problem, ...others] = checkOptions({ ...options }).problems;
    assert.deepEqual([problem?.option, others], ['clientAddress', []], JSON.stringify(options));
    assert.match(problem?.message ?? '', /^option clientAddress: "[^"]+" is not allowed; .*peerAddress/);
  }
  assert.deepEqual(checkOptions({ clientAddress: '127.0.0.1:0', peerAddress: '127.0.0.1:0' }).problems, []);
  assert.deepEqual(checkOptions({ clientAddress: 'off' }).problems, []);
});

test('a rule between options is not told when one of them is wrong by itself', () => {
  const told = (input: Record<string, unknown>) => checkOptions(input).problems.map(({ option }) => option);
  assert.deepEqual(told({ heartbeatMs: '5s', electionTimeoutMs: 10 }), ['electionTimeoutMs']);
  assert.deepEqual(told({ logRetainBytes: '60GiB', logRetainBytesNode: 'x' }), ['logRetainBytesNode']);
  assert.deepEqual(told({ peerAddress: '127.0.0.1', clientAddress: '127.0.0.1:2380' }), ['peerAddress']);
  assert.deepEqual(told({ heartbeatMs: '5s' }), ['electionTimeoutMs'], 'a default can break the rule');
});

test('a boolean is written in the documented ways and no other', () => {
  for (const yes of [true, 'true', 'yes', 'on', '1', 1])
    assert.equal(checkOptions({ demoRoutes: yes }).options?.demoRoutes, true);
  for (const no of [false, 'false', 'no', 'off', '0', 0])
    assert.equal(checkOptions({ demoRoutes: no }).options?.demoRoutes, false);
  for (const bad of ['TRUE', 'y', '', 2, null]) {
    assert.match(
      checkOptions({ demoRoutes: bad }).problems[0]?.message ?? '',
      /true or false; also yes or no, on or off, 1 or 0$/,
    );
  }
});

test('S4: addresses out of range are refused, port 0 only where a listener can take one', () => {
  for (const good of ['127.0.0.1:0', 'localhost:65535', '[::1]:2379', 'a.b-c.example:1']) {
    assert.deepEqual(checkOptions({ clientAddress: good }).problems, []);
  }
  for (const bad of ['127.0.0.1', ':2379', '2379', '127.0.0.1:65536', '::1:2379', 'http://a:1', 'a b:1', 'a:1x', '']) {
    assert.equal(checkOptions({ clientAddress: bad }).problems[0]?.option, 'clientAddress', bad);
  }
  assert.equal(checkOptions({ advertiseClientAddress: 'a:0' }).problems.length, 1);
  assert.equal(resolveOptions({ clientAddress: 'off' }).clientAddress, undefined);
});

test('an unknown option is refused with the nearest name', () => {
  const { problems } = checkOptions({ hartbeatMs: 100, data_dir: 'x', bogus: 1 });
  assert.match(problems[0]?.message ?? '', /^unknown option hartbeatMs: did you mean heartbeatMs\?$/);
  assert.match(problems[1]?.message ?? '', /did you mean dataDir\?$/);
  assert.match(problems[2]?.message ?? '', /^unknown option bogus: the options are nodeId, /);
});

test('resolveOptions throws one typed error that holds every problem', () => {
  const error = capture({ nodeId: 0, heartbeatMs: 5 });
  assert.ok(error instanceof OptionError);
  assert.equal(error.code, 'INVALID_OPTION');
  assert.equal(error.option, 'nodeId');
  assert.equal(error.value, 0);
  assert.equal(error.allowed, 'an integer from 1 to 65535');
  assert.equal(error.problems.length, 2);
});

test('warnings: even voters and listeners beyond this machine', () => {
  assert.deepEqual(optionWarnings(resolveOptions({})), []);
  const warnings = optionWarnings(
    resolveOptions({ peers: { 1: '127.0.0.1:1', 2: '127.0.0.1:2' }, clientAddress: '0.0.0.0:2379' }),
  );
  assert.equal(warnings.length, 2);
  assert.match(warnings[1] ?? '', /clientAddress 0\.0\.0\.0:2379 can be reached from other machines/);
});

test('flags and environment variables follow from the name', () => {
  assert.equal(flagOf('electionTimeoutMs'), '--election-timeout-ms');
  assert.equal(envOf('snapshotBytesPerSecond'), 'KVORUM_SNAPSHOT_BYTES_PER_SECOND');
});

function capture(options: NodeOptions): unknown {
  try {
    resolveOptions(options);
  } catch (error) {
    return error;
  }
  return undefined;
}
