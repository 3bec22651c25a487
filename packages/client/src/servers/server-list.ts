/** What GetServers says, and which of two answers is newer. Pure. */
import { type GetServersResponse, type Server, ServerRole } from '@kvorum/protocol/kvorum/v1/servers.js';
import type { ServerInfo } from './endpoint.js';

/** The servers, as of a term. */
export interface ServerList {
  readonly servers: readonly ServerInfo[];
  readonly clusterId: bigint;
  readonly term: number;
}

export const emptyServerList: ServerList = { servers: [], clusterId: 0n, term: 0 };

/** Servers without an address for clients are left out: nobody can reach them. */
export function serverListOf({ servers, clusterId, term }: GetServersResponse): ServerList {
  return { servers: servers.filter(({ rpcAddr }) => rpcAddr !== '').map(serverInfo), clusterId, term };
}

/**
 * The newer of what was known and an answer: that of the higher term. In one term there is one leader, which a server that doesn't know it yet can't
 * make unknown. An answer from another cluster is never taken: an address may have been given to a stranger.
 */
export function newerList(known: ServerList, answer: ServerList): ServerList {
  if (known.servers.length === 0) return answer;
  if (isOtherCluster(known, answer) || answer.term < known.term || answer.servers.length === 0) return known;
  if (answer.term > known.term || answer.servers.some(({ isLeader }) => isLeader)) return answer;
  const leader = known.servers.find(({ isLeader }) => isLeader);
  if (leader === undefined) return answer;
  return { ...answer, servers: answer.servers.map((server) => (server.id === leader.id ? asLeader(server) : server)) };
}

/** The list with another leader, which a server told of in passing. */
export function withLeader(known: ServerList, address: string): ServerList {
  const leader = known.servers.find((server) => server.address === address);
  if (leader === undefined || leader.isLeader) return known;
  const servers = known.servers.map((server) => (server === leader ? asLeader(server) : asFollower(server)));
  return { ...known, servers };
}

export function isOtherCluster(known: ServerList, answer: ServerList): boolean {
  return known.clusterId !== 0n && answer.clusterId !== 0n && known.clusterId !== answer.clusterId;
}

function asLeader(server: ServerInfo): ServerInfo {
  return { ...server, isLeader: true, role: 'leader' };
}

function asFollower(server: ServerInfo): ServerInfo {
  return server.isLeader ? { ...server, isLeader: false, role: 'follower' } : server;
}

function serverInfo({ id, rpcAddr, isLeader, role, zone, version, isConnected }: Server): ServerInfo {
  return { id, address: rpcAddr, isLeader, role: roleOf(role), zone, version, isConnected };
}

function roleOf(role: number): ServerInfo['role'] {
  if (role === ServerRole.LEADER) return 'leader';
  if (role === ServerRole.FOLLOWER) return 'follower';
  return role === ServerRole.LEARNER ? 'learner' : 'unknown';
}
