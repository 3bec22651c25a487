/** Puts a node's status together from its parts. Data in, data out. */
import type { Hash64 } from '@kvorum/core/kv/meta.js';
import { formatAddress } from './options/address.js';
import type { ResolvedNodeOptions } from './options/node-options.js';
import type { MemberStatus, NodeStatus, ShardStatus } from './service/kv-service.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { Introduction } from './transport/transport.js';
import { version } from './version.js';
import type { HostedShard } from './shard/hosted-shard.js';
import type { Corruption } from './storage/corruption-mark.js';

/** Shard numbers that exist from the first data format on (architecture 11). */
export const systemShard = 0;
export const defaultShard = 1;

const keyspaceNames: ReadonlyMap<number, string> = new Map([
  [systemShard, 'system'],
  [defaultShard, 'default'],
]);

export function shardStatus(shard: HostedShard): ShardStatus {
  const { replica } = shard;
  const { machine } = replica;
  const raft = replica.raw.basicStatus();
  return {
    shard: shard.shard,
    keyspace: keyspaceNames.get(shard.shard) ?? String(shard.shard),
    // A replica that serves no more takes no part, whatever its core thinks.
    role: replica.isServing ? raft.role : 'follower',
    leader: replica.leader,
    term: raft.term,
    commitIndex: raft.commit,
    appliedIndex: machine?.appliedIndex ?? 0,
    flushedIndex: shard.flushedIndex,
    lastIndex: raft.lastIndex,
    revision: machine?.currentRevision ?? 0,
    compactRevision: machine?.compactRevision ?? 0,
    keys: machine?.keyCount ?? 0,
    chainHash: machine === undefined ? '' : hex(machine.chainHash),
    contentHash: machine === undefined ? '' : hex(machine.contentHash),
    corruption: shard.corruption === undefined ? undefined : describeCorruption(shard.corruption),
  };
}

export interface MemberInput {
  readonly options: ResolvedNodeOptions;
  readonly leader: number | undefined;
  readonly ownClientAddress: string | undefined;
  readonly isConnected: (nodeId: number) => boolean;
  readonly introductionOf: (nodeId: number) => Introduction | undefined;
  /** Of the default keyspace, as this node has applied it. */
  readonly confState: ConfState | undefined;
}

export function memberStatus(input: MemberInput): readonly MemberStatus[] {
  const { options, confState } = input;
  const self = { clientAddress: input.ownClientAddress, zone: options.zone ?? '', version };
  return [...options.peers].map(([nodeId, address]) => {
    const isSelf = nodeId === options.nodeId;
    const told = isSelf ? self : (input.introductionOf(nodeId) ?? unknownNode);
    return {
      nodeId,
      peerAddress: formatAddress(address),
      ...told,
      membership: membershipOf(nodeId, confState),
      isSelf,
      isConnected: isSelf || input.isConnected(nodeId),
      isLeader: nodeId === input.leader,
    };
  });
}

const unknownNode = { clientAddress: undefined, zone: '', version: '' };

/** A node that is to become a learner votes until then. */
function membershipOf(nodeId: number, confState: ConfState | undefined): MemberStatus['membership'] {
  if (confState === undefined) return 'none';
  const { voters, votersOutgoing, learners } = confState;
  if (voters.includes(nodeId) || votersOutgoing.includes(nodeId)) return 'voter';
  return learners.includes(nodeId) ? 'learner' : 'none';
}

/** What keeps a node from serving, or needs attention, each as a sentence with what to do. */
export function statusWarnings(
  state: NodeStatus['state'],
  members: readonly MemberStatus[],
  leader: number | undefined,
  isNoSpace: boolean,
): readonly string[] {
  const away = members.filter((member) => !member.isConnected);
  const names = away.map((member) => `${member.nodeId} (${member.peerAddress})`).join(', ');
  const warnings: string[] = [];
  if (state === 'forming') {
    warnings.push(`a new cluster starts when every node was met once; still waiting for node ${names || 'answers'}`);
  } else if (away.length > 0) {
    warnings.push(`no connection to node ${names}: start it or check the network`);
  }
  if (state === 'running' && leader === undefined) {
    warnings.push(`no leader: ${Math.floor(members.length / 2) + 1} of ${members.length} nodes must be connected`);
  }
  if (isNoSpace) warnings.push('the disk is below its reserve: puts are refused until space is freed');
  return warnings;
}

/** What an operator should know of a corrupt replica. */
export function corruptionWarning({ keyspace, corruption }: ShardStatus): string {
  return `this node's replica of keyspace ${keyspace} is corrupt and serves no more: ${corruption}; replace the node`;
}

function describeCorruption({ cause, index, detail }: Corruption): string {
  switch (cause) {
    case 'minority':
      return `at index ${index} a majority of the replicas holds another state (${detail})`;
    case 'noMajority':
      return `at index ${index} the replicas differ and no majority agrees (${detail})`;
    case 'record':
      return `a read near index ${index} found a contradiction (${detail})`;
  }
}

function hex(hash: Hash64): string {
  return hash.high.toString(16).padStart(8, '0') + hash.low.toString(16).padStart(8, '0');
}
