/** All servers of a client: who is there, who gets the next message, and how each one did. */
import type { KvorumError } from '@kvorum/protocol';
import type { ClientDeps } from '../base/deps.js';
import { Endpoint, type LaneIndex, type ServerInfo, type ServerStats } from './endpoint.js';
import { type Failure, isTooStale } from './failure.js';
import { equalsOf, type PickRequest, pickServer } from './picker.js';
import { emptyServerList, isOtherCluster, newerList, type ServerList, withLeader } from './server-list.js';

/** Failures that are the server's: another one may do better. The others are the request's. */
const serverCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'STOPPED', 'TIMEOUT', 'CORRUPT', 'TOO_MANY_REQUESTS']);

const everyInterface = /^(?:0\.0\.0\.0|\[?::\]?):\d+$/;

export interface ServersOptions {
  readonly seeds: readonly string[];
  readonly zone: string | undefined;
}

export class Servers {
  readonly #deps: Pick<ClientDeps, 'clock' | 'connections'>;
  readonly #zone: string | undefined;
  #endpoints: readonly Endpoint[];
  #list: ServerList = emptyServerList;
  /** By lane, so that a caller who reads and writes in turn doesn't read from one server only. */
  readonly #turns: [number, number, number, number] = [0, 0, 0, 0];
  /** Called when a server failed, or told of another leader: the list may be old. */
  onDoubt: (() => void) | undefined = undefined;

  constructor(deps: Pick<ClientDeps, 'clock' | 'connections'>, { seeds, zone }: ServersOptions) {
    this.#deps = deps;
    this.#zone = zone;
    this.#endpoints = seeds.map((address) => new Endpoint(deps.connections, address, true));
  }

  get list(): readonly ServerInfo[] {
    return this.#list.servers;
  }

  /** Those that were dialled or may be. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  get stats(): readonly ServerStats[] {
    return this.#endpoints.map(({ stats }) => stats);
  }

  /** The server for the next message; undefined: wait until one that is under way has been answered. */
  pick(lane: LaneIndex, inFlightMax: number): Endpoint | undefined {
    this.#turns[lane] += 1;
    return pickServer(this.#endpoints, this.#request(lane), ({ inFlight }) => inFlight[lane] < inFlightMax);
  }

  /** For calls that are no part of a lane, as streams are. */
  pickAny(lane: LaneIndex): Endpoint {
    this.#turns[lane] += 1;
    const endpoint = pickServer(this.#endpoints, this.#request(lane), () => true);
    if (endpoint === undefined) throw new Error('a client has at least one server');
    return endpoint;
  }

  /** How many servers take turns with calls of this lane. */
  equals(lane: LaneIndex): number {
    return equalsOf(this.#endpoints, this.#request(lane));
  }

  /** A call to `endpoint` failed. Its health suffers if it was the server's fault. */
  failed(endpoint: Endpoint, failure: Failure): void {
    const { error, isAnswer } = failure;
    if (isTooStale(failure) || (isAnswer && !isOfServer(error))) {
      endpoint.succeeded();
      return;
    }
    endpoint.failed(this.#deps.clock.nowMs());
    const { leader } = error.details;
    if (leader !== undefined && leader !== endpoint.address) this.#take(withLeader(this.#list, leader));
    this.onDoubt?.();
  }

  /** What `endpoint` answered to GetServers. False when it is of another cluster. */
  update(answer: ServerList, endpoint: Endpoint): boolean {
    endpoint.toldOurs = !isOtherCluster(this.#list, answer);
    if (endpoint.toldOurs) this.#take(newerList(this.#list, answer));
    return endpoint.toldOurs;
  }

  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }

  #request(lane: LaneIndex): PickRequest {
    return { lane, zone: this.#zone, nowMs: this.#deps.clock.nowMs(), turn: this.#turns[lane] };
  }

  /** Seeds stay for good, as the last resort. Others that are gone from the list are closed. */
  #take(list: ServerList): void {
    if (list === this.#list) return;
    this.#list = list;
    const gone = new Map(this.#endpoints.map((endpoint) => [endpoint.address, endpoint]));
    const listed = dialledOf(list.servers).map((info) => {
      const endpoint = gone.get(info.address) ?? new Endpoint(this.#deps.connections, info.address, false);
      endpoint.info = info;
      gone.delete(info.address);
      return endpoint;
    });
    const kept = [...gone.values()].filter(({ isSeed, isIdle }) => isSeed || !isIdle);
    for (const endpoint of kept) endpoint.info = undefined;
    for (const endpoint of gone.values()) if (!kept.includes(endpoint)) endpoint.close().catch(() => undefined);
    this.#endpoints = [...listed, ...kept];
  }
}

/**
 * One for each address that may be dialled. Several servers may be told under one, behind a balancer of load; it leads if one of them does. An address that
 * means every interface of its server would lead to this machine.
 */
function dialledOf(servers: readonly ServerInfo[]): readonly ServerInfo[] {
  const byAddress = new Map<string, ServerInfo>();
  for (const info of servers) {
    if (everyInterface.test(info.address)) continue;
    if (info.isLeader || !byAddress.has(info.address)) byAddress.set(info.address, info);
  }
  return [...byAddress.values()];
}

function isOfServer({ code }: KvorumError): boolean {
  return serverCodes.has(code);
}
