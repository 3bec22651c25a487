/** GetServers: the nodes as this one knows them, out of its status. */
import type { Init } from '@kvorum/protocol';
import { type GetServersResponse, type Server, ServerRole } from '@kvorum/protocol/kvorum/v1/servers.js';
import type { MemberStatus, NodeInfo, ShardStatus } from '../../service/kv-service.js';

/** The answer of GetServers for the keyspace `default`. */
export function getServers(info: Pick<NodeInfo, 'status'>): Init<GetServersResponse> {
  const status = info.status();
  const shard = status.shards.find(({ keyspace }) => keyspace === 'default');
  return {
    servers: status.members.map((member) => serverOf(member, shard)),
    clusterId: status.clusterId === '' ? 0n : BigInt(`0x${status.clusterId}`),
    term: shard?.term ?? 0,
  };
}

function serverOf(member: MemberStatus, shard: ShardStatus | undefined): Init<Server> {
  return {
    id: String(member.nodeId),
    rpcAddr: member.clientAddress ?? '',
    isLeader: member.isLeader,
    role: roleOf(member, shard),
    zone: member.zone,
    version: member.version,
    isConnected: member.isConnected,
  };
}

function roleOf({ isLeader, membership }: MemberStatus, shard: ShardStatus | undefined): number {
  if (isLeader) return ServerRole.LEADER;
  if (shard === undefined || membership === 'none') return ServerRole.ROLE_UNKNOWN;
  return membership === 'learner' ? ServerRole.LEARNER : ServerRole.FOLLOWER;
}
