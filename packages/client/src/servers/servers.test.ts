import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../base/deps.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type Endpoint, Lane, type ServerInfo } from './endpoint.js';
import type { ServerList } from './server-list.js';
import { Servers } from './servers.js';

/** Servers of a client whose connections are counted. */
function start(...seeds: string[]): {
  readonly servers: Servers;
  readonly clock: VirtualClock;
  readonly open: string[];
} {
  const clock = new VirtualClock();
  const open: string[] = [];
  const never = (): never => {
    throw new Error('nothing is called here');
  };
  const channelTo = (address: string): Channel => {
    open.push(address);
    const close = (): Promise<void> => {
      open.splice(open.indexOf(address), 1);
      return Promise.resolve();
    };
    return { unary: never, stream: never, close };
  };
  return { servers: new Servers({ clock, connections: { open: channelTo } }, { seeds, zone: undefined }), clock, open };
}

function list(addresses: readonly string[], { leader = addresses[0], clusterId = 1n } = {}): ServerList {
  const servers = addresses.map((address, at): ServerInfo => {
    const isLeader = address === leader;
    const role = isLeader ? 'leader' : 'follower';
    return { id: String(at), address, isLeader, role, zone: '', version: '', isConnected: true };
  });
  return { servers, clusterId, term: 1 };
}

function at(servers: Servers, address: string): Endpoint {
  const found = servers.endpoints.find((endpoint) => endpoint.address === address);
  assert.ok(found !== undefined, address);
  return found;
}

const picked = (servers: Servers, lane: 0 | 1 | 2): string[] =>
  [...new Set([1, 2, 3, 4, 5, 6].map(() => servers.pickAny(lane).address))].sort();

test('servers told under one address share a connection, however often the list is fetched', () => {
  const { servers, open } = start('seed:1');
  const told = list(['lb:1', 'lb:1', 'lb:1'], { leader: 'nobody' });
  const withLeader = { ...told, servers: told.servers.map((each) => ({ ...each, isLeader: each.id === '2' })) };
  for (let round = 0; round < 5; round += 1) {
    servers.update({ ...withLeader, term: round }, at(servers, 'seed:1'));
    for (const endpoint of servers.endpoints) void endpoint.channel;
  }
  assert.deepEqual(open.sort(), ['lb:1', 'seed:1']);
  assert.equal(at(servers, 'lb:1').info?.isLeader, true);
});

test('an address that means every interface of its server is not dialled: here it is this machine', () => {
  const { servers } = start('seed:1');
  servers.update(list(['0.0.0.0:2379', '[::]:2379', '10.0.0.3:2379']), at(servers, 'seed:1'));
  assert.deepEqual(servers.endpoints.map(({ address }) => address).sort(), ['10.0.0.3:2379', 'seed:1']);
  assert.equal(servers.list.length, 3);
  assert.deepEqual(picked(servers, Lane.write), ['10.0.0.3:2379']);
});

test('no call goes to an address at which another cluster answered, while there is one of this cluster', () => {
  const { servers, clock } = start('a:1', 'seed:1');
  const known = list(['a:1', 'b:1', 'c:1']);
  servers.update(known, at(servers, 'a:1'));
  assert.equal(servers.update(list(['x:1'], { clusterId: 2n }), at(servers, 'b:1')), false);
  servers.update(known, at(servers, 'a:1'));
  assert.deepEqual(picked(servers, Lane.read), ['c:1']);
  for (const address of ['a:1', 'c:1']) at(servers, address).failed(clock.nowMs());
  assert.deepEqual(picked(servers, Lane.read), ['a:1', 'c:1'], 'nor to a seed that has not told where it belongs');
  assert.equal(servers.update(list(['x:1'], { clusterId: 2n }), at(servers, 'seed:1')), false);
  assert.deepEqual(picked(servers, Lane.write), ['a:1', 'c:1']);
  servers.update(known, at(servers, 'seed:1'));
  assert.deepEqual(picked(servers, Lane.write), ['seed:1']);
  assert.equal(servers.update(known, at(servers, 'b:1')), true);
  assert.deepEqual(picked(servers, Lane.read), ['b:1'], 'it has become one of this cluster again');
});
