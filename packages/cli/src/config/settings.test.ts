import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings, showOrigin, type Sources } from './settings.js';
import { parseYamlFile } from './yaml-file.js';

function file(text: string): Sources['file'] {
  return { path: 'kvorum.yaml', content: parseYamlFile('kvorum.yaml', text) };
}

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const text = 'heartbeatMs: 30\nelectionTimeoutMs: 600\nrequestTimeoutMs: 3s\n';
  const { settings, problems } = loadSettings({
    flags: { heartbeatMs: '10' },
    env: { KVORUM_HEARTBEAT_MS: '20', KVORUM_ELECTION_TIMEOUT_MS: '500', KVORUM_DATA_DIR: '' },
    file: file(text),
  });
  assert.deepEqual(problems, []);
  assert.ok(settings !== undefined);
  const { heartbeatMs, electionTimeoutMs, requestTimeoutMs, connectTimeoutMs, dataDir } = settings.node;
  assert.deepEqual(
    [heartbeatMs, electionTimeoutMs, requestTimeoutMs, connectTimeoutMs, dataDir],
    [10, 500, 3000, 1000, './kvorum-data'],
  );
  const origin = (name: 'heartbeatMs' | 'electionTimeoutMs' | 'requestTimeoutMs' | 'connectTimeoutMs'): string =>
    showOrigin(settings.origins.get(name) ?? assert.fail());
  assert.equal(origin('heartbeatMs'), 'flag --heartbeat-ms');
  assert.equal(origin('electionTimeoutMs'), 'environment KVORUM_ELECTION_TIMEOUT_MS');
  assert.equal(origin('requestTimeoutMs'), 'file kvorum.yaml:3');
  assert.equal(origin('connectTimeoutMs'), 'default');
});

test("a command's own defaults come last before the node's", () => {
  const { settings } = loadSettings({ flags: {}, env: {}, defaults: { dataDir: '.kvorum/dev', logLevel: 'warn' } });
  assert.equal(settings?.node.dataDir, '.kvorum/dev');
  assert.equal(settings?.process.logLevel, 'warn');
});

test('S4: every problem is told with the place of the wrong value', () => {
  const text = 'nodeId: 1\nheartbeatMs: 5\nhartbeatMs: 100\nwalSegmentBytes: 16MB\nfrobnicate: 1\n';
  const { settings, problems } = loadSettings({
    flags: { maxConnections: '0' },
    env: { KVORUM_CLIENT_ADDRESS: 'nonsense', KVORUM_LOG_LEVEL: 'loud' },
    file: file(text),
  });
  assert.equal(settings, undefined);
  assert.deepEqual(
    problems.map((problem) => problem.replace(/ is not allowed.*/, ' …')),
    [
      'kvorum.yaml:3: unknown option hartbeatMs: did you mean heartbeatMs?',
      'kvorum.yaml:5: unknown option frobnicate: `kvorum config print` lists all options',
      'KVORUM_LOG_LEVEL: option logLevel: "loud" …',
      'KVORUM_CLIENT_ADDRESS: option clientAddress: "nonsense" …',
      'kvorum.yaml:2: option heartbeatMs: 5 …',
      'kvorum.yaml:4: option walSegmentBytes: "16MB" …',
      '--max-connections: option maxConnections: "0" …',
    ],
  );
});

test('faults of the YAML itself name line and column', () => {
  assert.match(parseYamlFile('k.yaml', 'nodeId: 1\npeers: [1\n').problems[0] ?? '', /^k\.yaml:[23]:\d+: /);
  assert.match(
    parseYamlFile('k.yaml', 'nodeId: 1\nnodeId: 2\n').problems[0] ?? '',
    /^k\.yaml:2:1: Map keys must be unique/,
  );
  assert.match(parseYamlFile('k.yaml', '- a\n- b\n').problems[0] ?? '', /^k\.yaml:1:1: expected a map of options/);
  assert.match(
    parseYamlFile('k.yaml', '1: x\n').problems[0] ?? '',
    /^k\.yaml:1:1: an option's name must be plain text/,
  );
  assert.deepEqual(parseYamlFile('k.yaml', '# nothing\n').problems, []);
});

test('S1: an alias bomb in a configuration file is refused', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [at, name] of ['b', 'c', 'd', 'e', 'f', 'g', 'h'].entries()) {
    const before = 'abcdefgh'[at];
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`);
  }
  const { problems } = loadSettings({ flags: {}, env: {}, file: file(bomb.join('\n')) });
  assert.ok(problems.length > 0);
});

test('peers are read from a map, a list and text', () => {
  const forms = [
    'peers:\n  1: 127.0.0.1:11\n  2: 127.0.0.1:12\n',
    'peers: [1=127.0.0.1:11, 2=127.0.0.1:12]',
    'peers: 1=127.0.0.1:11,2=127.0.0.1:12',
  ];
  for (const text of forms) {
    const { settings, problems } = loadSettings({ flags: {}, env: {}, file: file(text) });
    assert.deepEqual(problems, [], text);
    assert.deepEqual([...(settings?.node.peers.keys() ?? [])], [1, 2]);
  }
});

test('an unknown variable is a warning when it looks like a typing mistake, and nothing otherwise', () => {
  const { warnings } = loadSettings({
    flags: {},
    env: { KVORUM_HARTBEAT_MS: '5', KVORUM_PORT_2379_TCP_ADDR: '10.0.0.1', KVORUM_ENDPOINTS: 'x' },
  });
  assert.deepEqual(warnings, [
    'environment variable KVORUM_HARTBEAT_MS is not known: did you mean KVORUM_HEARTBEAT_MS?',
  ]);
});
