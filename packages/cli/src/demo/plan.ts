/** What a demo consists of: its nodes with their ports, directories and command lines. Pure. */
import { join } from 'node:path';

/** Where the demo's first node serves HTTP when nothing else is asked for. */
export const demoPortDefault = 30_080;
/** Distance from the HTTP ports to the peer ports when `--peer-port` is not given. */
const peerPortDistance = 1000;

export interface DemoOptions {
  readonly dir: string;
  readonly nodeCount: number;
  /** HTTP port of node 1; the others follow. */
  readonly port: number;
  /** Peer port of node 1; the others follow. */
  readonly peerPort: number;
}

/** One node of the demo. */
export interface NodePlan {
  readonly id: number;
  readonly port: number;
  readonly peerPort: number;
  readonly url: string;
  readonly dataDir: string;
  readonly logPath: string;
  /** Arguments after `kvorum`. */
  readonly args: readonly string[];
}

/** The peer port of node 1 for a given HTTP port. */
export function defaultPeerPort(port: number): number {
  return port + peerPortDistance;
}

/** The nodes of a demo by ascending id. */
export function planNodes({ dir, nodeCount, port, peerPort }: DemoOptions): readonly NodePlan[] {
  const ids = Array.from({ length: nodeCount }, (_, at) => at + 1);
  const peers = ids.map((id) => `${id}=127.0.0.1:${peerPort + id - 1}`).join(',');
  return ids.map((id) => {
    const dataDir = join(dir, `node-${id}`);
    const ports = { port: port + id - 1, peerPort: peerPort + id - 1 };
    const address = `127.0.0.1:${ports.port}`;
    const identity = ['--node-id', String(id), '--cluster-name', 'demo', '--data-dir', dataDir];
    const network = ['--peers', peers, '--peer-address', `127.0.0.1:${ports.peerPort}`, '--client-address', address];
    // Small segments: a demo should not take a gigabyte of a laptop's disk.
    const rest = ['--demo-routes', '--wal-segment-bytes', '8MiB', '--log-format', 'json', '--supervised'];
    return {
      id,
      ...ports,
      url: `http://${address}`,
      dataDir,
      logPath: join(dir, `node-${id}.log`),
      args: ['serve', ...identity, ...network, ...rest],
    };
  });
}
