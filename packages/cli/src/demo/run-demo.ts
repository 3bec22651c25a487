/** One run of a demo, from the checks before to the last node's end. */
import { createDeferred } from '../deferred.js';
import { CommandError } from '../command-error.js';
import { exitCodes } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import { type ControlDone, type ControlRequest, listenControl } from './control.js';
import { createDemoDirectory, readSavedDemo, removeDemoData, saveDemo } from './demo-directory.js';
import { DemoScreen } from './demo-screen.js';
import { defaultPeerPort, type DemoOptions, type NodePlan, planNodes } from './plan.js';
import { requireFreePorts } from './ports.js';
import { Supervisor } from './supervisor.js';

export interface DemoRequest {
  readonly dir: string;
  /** Absent: as in the last run, else 3. */
  readonly nodeCount: number | undefined;
  readonly port: number;
  /** Absent: as in the last run, else derived from `port`. */
  readonly peerPort: number | undefined;
  readonly isFresh: boolean;
  readonly isJson: boolean;
}

/** How long the nodes have for their first election before the table is printed anyway. */
const startPatienceMs = 15_000;
/** Nodes of a killed supervisor drain before they give their ports back. */
const stalePatienceMs = 10_000;
const nodeCountDefault = 3;

/** Runs until a signal; resolves with the exit code. */
export async function runDemo(terminal: Terminal, script: string, asked: DemoRequest): Promise<number> {
  const { dir } = asked;
  await createDemoDirectory(dir);
  const running: { supervisor?: Supervisor } = {};
  const control = await listenControl(dir, (request) => carryOut(running.supervisor, request));
  const stop = listenForSignals(terminal);
  try {
    const options = await settleOptions(asked);
    const plans = planNodes(options);
    await requireFreePorts(plans, control.wasStale ? stalePatienceMs : 0);
    if (asked.isFresh) await removeDemoData(dir);
    await saveDemo(dir, { format: 1, nodes: options.nodeCount, peerPort: options.peerPort });
    return await follow(terminal, script, asked, plans, stop, running);
  } finally {
    stop.close();
    await control.close();
  }
}

async function settleOptions({ dir, nodeCount, port, peerPort, isFresh }: DemoRequest): Promise<DemoOptions> {
  const saved = isFresh ? undefined : await readSavedDemo(dir);
  if (saved !== undefined && nodeCount !== undefined && nodeCount !== saved.nodes) {
    throw new CommandError('usage', `the data in ${dir} belongs to a demo of ${saved.nodes} nodes, not ${nodeCount}`, {
      code: 'DEMO_OTHER_NODES',
      hint: `Use --nodes ${saved.nodes}, begin anew with --fresh (removes the demo's data), or choose another --dir.`,
    });
  }
  const count = nodeCount ?? saved?.nodes ?? nodeCountDefault;
  const options = { dir, nodeCount: count, port, peerPort: peerPort ?? defaultPeerPort(port) };
  requirePorts('--port', options.port, count);
  requirePorts('--peer-port', options.peerPort, count);
  if (Math.abs(options.port - options.peerPort) < count) {
    throw new CommandError('usage', `--peer-port: ${options.peerPort} overlaps with the HTTP ports from ${port}`, {
      code: 'INVALID_OPTION',
    });
  }
  return options;
}

function requirePorts(flag: string, port: number, count: number): void {
  const most = 65_535 - count + 1;
  if (port >= 1 && port <= most) return;
  throw new CommandError('usage', `${flag}: ${port} is not allowed; allowed: 1 to ${most} for ${count} nodes`, {
    code: 'INVALID_OPTION',
  });
}

async function follow(
  terminal: Terminal,
  script: string,
  { dir, isJson }: DemoRequest,
  plans: readonly NodePlan[],
  stop: DemoStop,
  running: { supervisor?: Supervisor },
): Promise<number> {
  const screen = new DemoScreen(terminal.stdout, { isJson, commandName: terminal.commandName, dir });
  screen.starting(plans.length);
  const supervisor = new Supervisor({ script, env: terminal.env, onEvent: (event) => screen.event(event) }, plans);
  running.supervisor = supervisor;
  stop.second.then(
    () => supervisor.killAll(),
    () => undefined,
  );
  try {
    const start = supervisor.start(startPatienceMs).then(() => true);
    const isStarted = await Promise.race([start, stop.first.then(() => false)]);
    if (isStarted) screen.ready(supervisor.nodes);
    if (isStarted && supervisor.nodes.every(({ pid }) => pid === undefined)) {
      throw new CommandError('cannotStart', 'no node could start', { hint: `Look into ${dir}/node-1.log.` });
    }
    await stop.first;
    screen.note('stopping all nodes (Ctrl-C again ends them at once)');
  } finally {
    await supervisor.close();
  }
  return stop.isInterrupted() ? exitCodes.interrupted.code : exitCodes.ok.code;
}

/** Does what another terminal asked for. */
async function carryOut(supervisor: Supervisor | undefined, { command, node }: ControlRequest): Promise<ControlDone> {
  if (command === 'info') return { ok: true, message: `process ${process.pid}` };
  if (supervisor === undefined) throw new CommandError('failed', 'the demo is still starting', { code: 'STARTING' });
  if (node === undefined) throw new CommandError('usage', 'no node was named');
  const id = node === 'leader' ? supervisor.requireLeader() : node;
  switch (command) {
    case 'start':
      await supervisor.startNode(id);
      return { ok: true, node: id, message: `node ${id} started` };
    case 'stop':
      await supervisor.stopNode(id);
      return { ok: true, node: id, message: `node ${id} stopped` };
    case 'kill':
      await supervisor.killNode(id);
      return { ok: true, node: id, message: `node ${id} was killed` };
  }
}

interface DemoStop {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  isInterrupted(): boolean;
  close(): void;
}

function listenForSignals({ control }: Terminal): DemoStop {
  const first = createDeferred<void>();
  const second = createDeferred<void>();
  let count = 0;
  const close = control.onSignal(() => {
    count += 1;
    (count === 1 ? first : second).resolve();
  });
  return { first: first.promise, second: second.promise, isInterrupted: () => count > 1, close };
}
