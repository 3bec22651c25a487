import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane, type LaneIndex, type ServerInfo } from './endpoint.js';
import { type Candidate, equalsOf, pickServer } from './picker.js';

interface Named extends Candidate {
  readonly name: string;
}

const server = (name: string, more: Partial<ServerInfo> = {}, avoidUntilMs = 0): Named => ({
  name,
  avoidUntilMs,
  toldOurs: undefined,
  info: {
    id: name,
    address: name,
    isLeader: false,
    role: 'follower',
    zone: '',
    version: '',
    isConnected: true,
    ...more,
  },
});
const seed = (name: string, avoidUntilMs = 0): Named => ({ name, avoidUntilMs, toldOurs: true, info: undefined });
const leader = server('L', { isLeader: true, role: 'leader', zone: 'a' });
const [a, b] = [server('A', { zone: 'a' }), server('B', { zone: 'b' })];

function turns(candidates: readonly Named[], lane: LaneIndex, zone?: string, busy = ''): string {
  return [0, 1, 2, 3]
    .map(
      (turn) =>
        pickServer(candidates, { lane, zone, nowMs: 10, turn }, ({ name }) => !busy.includes(name))?.name ?? '-',
    )
    .join('');
}

test('writes go to the leader, reads to followers in turn, of the own zone first', () => {
  const all = [a, leader, b, seed('S')];
  assert.equal(turns(all, Lane.write), 'LLLL');
  assert.equal(turns(all, Lane.read), 'ABAB');
  assert.equal(turns(all, Lane.localRead), 'ABAB');
  assert.equal(turns(all, Lane.read, 'a'), 'AAAA');
  assert.equal(turns(all, Lane.read, 'b'), 'BBBB');
  assert.equal(turns(all, Lane.read, 'elsewhere'), 'ABAB');
  assert.equal(turns([leader], Lane.read), 'LLLL');
});

test('those that failed lately, or are cut off, are the last resort', () => {
  const failed = server('F', {}, 11);
  const cutOff = server('C', { isConnected: false });
  assert.equal(turns([failed, leader, cutOff, b], Lane.read), 'BBBB');
  assert.equal(turns([failed, leader, cutOff], Lane.read), 'LLLL');
  assert.equal(turns([failed, cutOff, seed('S')], Lane.read), 'CCCC');
  assert.equal(turns([failed, seed('S')], Lane.read), 'SSSS');
  assert.equal(turns([failed, seed('S', 20), server('G', {}, 12)], Lane.read), 'FFFF');
  assert.equal(turns([server('L', { isLeader: true }, 11), a, b], Lane.write), 'ABAB');
  assert.equal(turns([seed('S'), seed('T')], Lane.write), 'STST');
  assert.equal(turns([server('X', {}, 10)], Lane.write), 'XXXX', 'its pause is over');
});

test('those that belong to another cluster, or may, come after all that can be of this one', () => {
  const elsewhere = { ...server('E', { isLeader: true }), toldOurs: false };
  const unasked = { ...seed('U'), toldOurs: undefined };
  assert.equal(turns([elsewhere, unasked, server('F', {}, 20)], Lane.write), 'FFFF');
  assert.equal(turns([elsewhere, unasked, seed('S')], Lane.read), 'SSSS');
  assert.equal(turns([elsewhere, unasked], Lane.read), 'EUEU', 'there is nobody else');
});

test('a busy server is passed over for its equals, not for those that are worse', () => {
  assert.equal(turns([leader, a, b], Lane.read, undefined, 'A'), 'BBBB');
  assert.equal(turns([leader, a, b], Lane.read, undefined, 'AB'), '----');
  assert.equal(turns([leader, a, b], Lane.write, undefined, 'L'), '----');
});

test('equals are those that take turns', () => {
  const request = { lane: Lane.read, zone: undefined, nowMs: 10, turn: 0 };
  assert.equal(equalsOf([leader, a, b], request), 2);
  assert.equal(equalsOf([leader, a, b], { ...request, lane: Lane.write }), 1);
  assert.equal(equalsOf([server('F', {}, 20), server('G', {}, 20)], request), 1);
});
