/** Whoever asks something in a run: clients at nodes' services, real clients, and those of both kinds that watch. Each draws from a stream of its own. */
import { ApiClient, nameOfApiClient } from './api-clients/api-client.js';
import { ApiWatch } from './api-clients/api-watch.js';
import { newClient } from './api-clients/client-host.js';
import type { Knobs } from './knobs.js';
import type { SimCluster } from './sim-cluster.js';
import { Client } from './workload/client.js';
import type { History } from './workload/history.js';
import type { Workload } from './workload/requests.js';
import { WatchClient } from './workload/watch-client.js';
import { stream } from './world/chance.js';

export interface AllClientsDeps {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly cluster: SimCluster;
  readonly history: History;
  /** Whether too little has happened up to now. */
  readonly isQuiet: () => boolean;
  /** An operation was acknowledged. */
  readonly onDone: (workload: Workload) => void;
}

/** Those who read and write. */
export function clientsOf(deps: AllClientsDeps): (Client | ApiClient)[] {
  const { clients, apiClients } = deps.knobs;
  return Array.from({ length: clients }, (_, id) => (id < apiClients ? apiClient(deps, id) : directClient(deps, id)));
}

/** Those who watch. */
export function watchesOf(deps: AllClientsDeps): (WatchClient | ApiWatch)[] {
  const direct = ['', 'k'].map((prefix, i) => directWatch(deps, `w${i}`, prefix));
  return deps.knobs.apiClients > 0 ? [...direct, apiWatch(deps, 'w2')] : direct;
}

function directClient({ seed, knobs, cluster, history, isQuiet, onDone }: AllClientsDeps, id: number): Client {
  const { queue, machines } = cluster;
  const random = stream(seed, `client ${id}`);
  const log = (who: string, what: string): void => cluster.log.add(who, what);
  return new Client(id, { queue, random, history, machines, log, isQuiet, onDone }, knobs);
}

function apiClient({ seed, knobs, cluster, history, isQuiet, onDone }: AllClientsDeps, id: number): ApiClient {
  const { queue } = cluster;
  const name = nameOfApiClient(id);
  const { processor, network } = cluster.addClientHost(name);
  const random = stream(seed, `client ${id}`);
  const log = (what: string): void => cluster.log.add(name, what);
  const nodes = nodesOf(cluster);
  return new ApiClient(id, { queue, random, history, processor, network, nodes, log, isQuiet, onDone }, knobs);
}

function directWatch({ seed, cluster }: AllClientsDeps, name: string, prefix: string): WatchClient {
  const { queue, machines } = cluster;
  const log = (who: string, what: string): void => cluster.log.add(who, what);
  return new WatchClient(name, prefix, { queue, machines, log, random: stream(seed, `watch ${name}`) });
}

/** Of all keys. */
function apiWatch({ seed, cluster }: AllClientsDeps, name: string): ApiWatch {
  const { processor, network } = cluster.addClientHost(name);
  const random = stream(seed, `watch ${name}`);
  const client = newClient({ processor, network, random }, nodesOf(cluster));
  const log = (what: string): void => cluster.log.add(name, what);
  return new ApiWatch(name, '', { client, processor, random, log });
}

function nodesOf({ machines }: SimCluster): string[] {
  return machines.map(({ name }) => name);
}
