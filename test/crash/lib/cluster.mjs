/** Three real nodes on loopback with their data in a temporary directory. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeProcess } from './node-process.mjs';
import { freePeerPorts } from './ports.mjs';

const IDS = [1, 2, 3];
const POLL_MS = 40;

// Small segments and a short retention, so that a run crosses many segment changes and sends snapshots to nodes that were away.
const SERVE_FLAGS = [
  ...['--wal-segment-bytes', '256KiB', '--log-retain-bytes', '128KiB', '--log-retain-bytes-node', '256KiB'],
  ...['--request-timeout-ms', '3000', '--disk-reserve-bytes', '0', '--log-format', 'json', '--log-level', 'info'],
];

/**
 * Starts a cluster. `onEnded(text)` is told of nodes that end by themselves; `testSwitch` makes the nodes wrong on purpose; `keepsClientPorts`: a node
 * that is started again has the client port that it had.
 */
export async function startCluster({ http, chance, testSwitch, onEnded, keepsClientPorts = false }) {
  const root = mkdtempSync(join(tmpdir(), 'kvorum-crash-'));
  const ports = await freePeerPorts(IDS.length * 2, chance);
  const peers = IDS.map((id, at) => `${id}=127.0.0.1:${ports[at]}`).join(',');
  const env = nodeEnvironment(testSwitch);
  const nodes = IDS.map((id, at) => {
    const dataDir = join(root, `node-${id}`);
    mkdirSync(dataDir, { mode: 0o700 });
    const identity = ['--node-id', String(id), '--data-dir', dataDir, '--peers', peers];
    const clientPort = keepsClientPorts ? ports[IDS.length + at] : 0;
    const args = [...identity, '--client-address', `127.0.0.1:${clientPort}`, ...SERVE_FLAGS];
    return new NodeProcess({ id, args, env, logPath: join(root, `node-${id}.log`), onEnded });
  });
  const cluster = new Cluster({ http, root, nodes });
  await cluster.startMissing();
  return cluster;
}

function nodeEnvironment(testSwitch) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KVORUM_'));
  return { ...Object.fromEntries(own), ...(testSwitch === undefined ? {} : { KVORUM_TEST_SWITCH: testSwitch }) };
}

class Cluster {
  #http;
  #nodes;

  constructor({ http, root, nodes }) {
    this.#http = http;
    this.#nodes = nodes;
    this.root = root;
  }

  get ids() {
    return IDS;
  }

  /** Client ports of the nodes that listen, by node id. */
  get ports() {
    return new Map(this.#nodes.filter(({ port }) => port !== undefined).map(({ id, port }) => [id, port]));
  }

  /** Ends these processes with SIGKILL, all signals in the same instant. */
  kill(ids) {
    return Promise.all(this.#nodes.filter(({ id }) => ids.includes(id)).map((node) => node.kill()));
  }

  /** Starts what does not run, all or these only; resolves when they listen. False when one of them ended instead. */
  async startMissing(ids = IDS) {
    const missing = this.#nodes.filter(({ id, isRunning }) => ids.includes(id) && !isRunning);
    return (await Promise.all(missing.map((node) => node.start()))).every((isUp) => isUp);
  }

  /** What each listening node tells of itself, by node id. */
  async statuses() {
    const found = await Promise.all(
      [...this.ports].map(async ([id, port]) => {
        const answer = await this.#http.send(port, { method: 'GET', path: '/health' });
        return answer.kind === 'answer' ? [id, JSON.parse(answer.body.toString())] : undefined;
      }),
    );
    return new Map(found.filter((one) => one !== undefined));
  }

  /** The node that leads the keys; undefined when none does within the time. */
  leader(timeoutMs) {
    return until(timeoutMs, async () => {
      for (const [id, status] of await this.statuses()) if (defaultShard(status)?.role === 'leader') return id;
      return undefined;
    });
  }

  /** What the run has made the nodes do besides: log segments freed and snapshots installed, over all nodes. */
  wear() {
    const snapshots = this.#nodes.map(
      ({ id }) => readFileSync(join(this.root, `node-${id}.log`), 'utf8').split('"snapshot installed"').length - 1,
    );
    const freed = this.#nodes.map(
      ({ id }) => Number.parseInt(readdirSync(join(this.root, `node-${id}`, 'wal')).sort()[0], 10) - 1,
    );
    const sum = (counts) => counts.reduce((total, count) => total + count, 0);
    return { segmentsFreed: sum(freed), snapshotsInstalled: sum(snapshots) };
  }

  /** Ends all processes; the data goes too unless it may be needed. */
  async close({ keepData }) {
    await this.kill(IDS);
    if (!keepData) rmSync(this.root, { recursive: true, force: true });
  }
}

function defaultShard(status) {
  return status.shards.find(({ keyspace }) => keyspace === 'default');
}

/** Asks until there is something; undefined after the time. */
export async function until(timeoutMs, probe) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) return undefined;
    await sleep(POLL_MS);
  }
}
