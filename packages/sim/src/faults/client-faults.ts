/**
 * Faults between clients and nodes (R3, R20): connections that break, with calls on them carried out or not; answers that are lost while what they answer was
 * done; clients that reach nobody; clients that stand still. Each befalls one client.
 */
import type { FaultKind } from '../knobs.js';
import { chance, pick } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';
import { bothWays, cutForAWhile } from './network-faults.js';

type ClientFault = 'clientReset' | 'clientAnswersLost' | 'clientCutOff' | 'clientPause';

/** Each answers whether it did something. */
export const clientFaults: Record<ClientFault & FaultKind, (cluster: FaultyCluster) => boolean> = {
  clientReset(cluster) {
    const client = pickClient(cluster);
    return client !== undefined && resetLinks(cluster, client, somewhere(cluster)) > 0;
  },
  /** What nodes say reaches the client no more, and is lost when the connection breaks at last. */
  clientAnswersLost(cluster) {
    const client = pickClient(cluster);
    if (client === undefined) return false;
    const nodes = somewhere(cluster);
    const forMs = cluster.duration();
    cluster.log(`answers of ${nodes.join(' ')} to ${client} are lost for ${forMs}`);
    for (const node of nodes) cluster.network.cut(node, client);
    cluster.queue.after(forMs, () => {
      resetLinks(cluster, client, nodes);
      for (const node of nodes) cluster.network.mend(node, client);
    });
    return true;
  },
  clientCutOff(cluster) {
    const client = pickClient(cluster);
    return client !== undefined && cutForAWhile(cluster, bothWays([client], somewhere(cluster)));
  },
  clientPause(cluster) {
    const client = pickClient(cluster);
    if (client === undefined) return false;
    const forMs = cluster.duration();
    cluster.log(`pause ${client} for ${forMs}`);
    cluster.clientHosts.get(client)?.pause(forMs);
    return true;
  },
};

function pickClient({ random, clientHosts }: FaultyCluster): string | undefined {
  const names = [...clientHosts.keys()];
  return names.length === 0 ? undefined : pick(random, names);
}

/** The leader, one node, or all of them. */
function somewhere(cluster: FaultyCluster): string[] {
  const { random, machines } = cluster;
  const names = machines.map(({ name }) => name);
  const led = cluster.leader()?.name;
  if (led !== undefined && chance(random, 0.4)) return [led];
  return chance(random, 0.5) ? [pick(random, names)] : names;
}

function resetLinks(cluster: FaultyCluster, client: string, nodes: readonly string[]): number {
  cluster.log(`reset ${client} ${nodes.join(' ')}`);
  return nodes.reduce((sum, node) => sum + cluster.network.resetLink(client, node), 0);
}
