import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerInfo } from './endpoint.js';
import { emptyServerList, newerList, type ServerList, serverListOf, withLeader } from './server-list.js';

function list(term: number, leader: string, names = 'abc', clusterId = 1n): ServerList {
  const servers = names.split('').map((name): ServerInfo => {
    const isLeader = name === leader;
    const role = isLeader ? 'leader' : 'follower';
    return { id: name, address: name, isLeader, role, zone: '', version: '', isConnected: true };
  });
  return { servers, clusterId, term };
}

const told = ({ servers, term }: ServerList) =>
  `${servers.map(({ address, isLeader }) => (isLeader ? address.toUpperCase() : address)).join('')}@${term}`;

test('of two answers the one with the higher term is newer; in one term a leader stays known', () => {
  const rows: [ServerList, ServerList, string][] = [
    [emptyServerList, list(3, 'a'), 'Abc@3'],
    [list(3, 'a'), list(4, 'b'), 'aBc@4'],
    [list(4, 'b'), list(3, 'a'), 'aBc@4'],
    [list(4, 'b'), list(4, ''), 'aBc@4'],
    [list(4, 'b'), list(4, '', 'abcd'), 'aBcd@4'],
    [list(4, 'b'), list(5, ''), 'abc@5'],
    [list(4, ''), list(4, 'c'), 'abC@4'],
    [list(4, 'b'), list(9, 'x', 'xyz', 2n), 'aBc@4'],
    [list(4, 'b'), list(9, '', ''), 'aBc@4'],
  ];
  for (const [known, answer, expected] of rows) assert.equal(told(newerList(known, answer)), expected);
});

test('a leader that was told of in passing is one only if it is on the list', () => {
  assert.equal(told(withLeader(list(4, 'b'), 'c')), 'abC@4');
  assert.equal(told(withLeader(list(4, 'b'), 'nobody')), 'aBc@4');
});

test('servers without an address are left out', () => {
  const server = { id: '1', isLeader: false, role: 3, zone: 'z', version: '', isConnected: true };
  const { servers } = serverListOf({
    servers: [
      { ...server, rpcAddr: '' },
      { ...server, rpcAddr: 'h:1' },
    ],
    clusterId: 1n,
    term: 1,
  });
  assert.deepEqual(
    servers.map(({ address, role }) => [address, role]),
    [['h:1', 'learner']],
  );
});
