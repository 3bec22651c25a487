import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberStatus } from './node-status.js';
import { resolveOptions } from './options/resolve-options.js';
import { version } from './version.js';

test('each node is told with zone, version and what it is to the keyspace, as far as that is known', () => {
  const peers = { 1: 'a:1', 2: 'b:1', 3: 'c:1', 4: 'd:1' };
  const options = resolveOptions({ nodeId: 1, peers, zone: 'north' });
  const introduction = { clientAddress: 'b:2', zone: 'south', version: '9.9.9' };
  const members = memberStatus({
    options,
    leader: 2,
    ownClientAddress: 'a:2',
    isConnected: (nodeId) => nodeId === 2,
    introductionOf: (nodeId) => (nodeId === 2 ? introduction : undefined),
    confState: { voters: [2], votersOutgoing: [1], learners: [3], learnersNext: [1], autoLeave: true },
  });
  const told = members.map(({ nodeId, zone, version: of, membership, isLeader }) => [
    nodeId,
    zone,
    of,
    membership,
    isLeader,
  ]);
  assert.deepEqual(told, [
    [1, 'north', version, 'voter', false],
    [2, 'south', '9.9.9', 'voter', true],
    [3, '', '', 'learner', false],
    [4, '', '', 'none', false],
  ]);
});
