/** Which server gets the next message. Pure. */
import { Lane, type LaneIndex, type ServerInfo } from './endpoint.js';

/** What the choice depends on, of each address. */
export interface Candidate {
  readonly info: ServerInfo | undefined;
  /** Whether the list that it told last was of this cluster; undefined: it has told none. */
  readonly toldOurs: boolean | undefined;
  readonly avoidUntilMs: number;
}

export interface PickRequest {
  readonly lane: LaneIndex;
  readonly zone: string | undefined;
  readonly nowMs: number;
  /** Counts up from pick to pick, so that those who are equal take turns. */
  readonly turn: number;
}

const avoided = 8;
const stranger = 9;

/**
 * Writes go to the leader, as do reads that followers are too far behind for; other reads to followers of the own zone, then to other followers, then to the leader. After those come servers that are not
 * connected with the others, then addresses that are not on the list. Then those that failed lately, the one first whose pause ends first. Last of all,
 * since what they say may be about other data, those that belong to another cluster, or are not on the list and have not told where they belong.
 * @param hasRoom may get one more; when nobody in the best class may, undefined: a busy follower is waited for, rather than the leader asked
 */
export function pickServer<C extends Candidate>(
  candidates: readonly C[],
  request: PickRequest,
  hasRoom: (candidate: C) => boolean,
): C | undefined {
  let best = Number.POSITIVE_INFINITY;
  let class_: C[] = [];
  for (const candidate of candidates) {
    const rank = rankOf(candidate, request);
    if (rank < best) {
      best = rank;
      class_ = [candidate];
    } else if (rank === best) class_.push(candidate);
  }
  if (best >= avoided) class_ = soonest(class_);
  for (let step = 0; step < class_.length; step += 1) {
    const candidate = class_[(request.turn + step) % class_.length];
    if (candidate !== undefined && hasRoom(candidate)) return candidate;
  }
  return undefined;
}

/** How many servers share calls of this kind as equals; at least 1. */
export function equalsOf(candidates: readonly Candidate[], request: PickRequest): number {
  const ranks = candidates.map((candidate) => rankOf(candidate, request));
  const best = Math.min(...ranks);
  return best >= avoided ? 1 : ranks.filter((rank) => rank === best).length;
}

/** Lower is better. */
function rankOf({ info, toldOurs, avoidUntilMs }: Candidate, { lane, zone, nowMs }: PickRequest): number {
  if (!(toldOurs ?? info !== undefined)) return stranger;
  if (nowMs < avoidUntilMs) return avoided;
  if (info === undefined) return 5;
  if (lane === Lane.write || lane === Lane.leaderRead) return info.isLeader ? 0 : info.isConnected ? 1 : 4;
  if (!info.isConnected) return 4;
  if (info.isLeader) return 3;
  return zone === undefined || info.zone === zone ? 0 : 1;
}

function soonest<C extends Candidate>(candidates: readonly C[]): C[] {
  const first = Math.min(...candidates.map(({ avoidUntilMs }) => avoidUntilMs));
  return candidates.filter(({ avoidUntilMs }) => avoidUntilMs === first);
}
