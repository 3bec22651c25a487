/** Runs one node in this process until it is asked to stop or ends by itself. */
import type { Log } from '@kvorum/server';
import { toNodeOptions } from '@kvorum/server/options/resolve-options.js';
import type { Settings } from '../config/settings.js';
import { exitCodes } from '../exit-codes.js';
import type { ProcessControl } from '../terminal.js';
import { explainNodeFailure, explainStartError } from './failures.js';
import type { RunningNode, StartNode } from './node-face.js';
import { listenForStop, type StopRequests } from './stop-requests.js';
import type { FromNode } from './supervised.js';

export interface RunNodeDeps {
  readonly startNode: StartNode;
  readonly log: Log;
  readonly control: ProcessControl;
  /** Called once the node serves. */
  readonly onReady: (node: RunningNode) => void;
}

export interface RunNodeOptions {
  readonly settings: Settings;
  readonly warnings: readonly string[];
  /** True for a node of `kvorum demo`. */
  readonly isSupervised: boolean;
}

/** Resolves with the exit code after an orderly end; rejects with a `CommandError` when the node could not start or failed. */
export async function runNode(deps: RunNodeDeps, options: RunNodeOptions): Promise<number> {
  const tell = (message: FromNode): void => {
    if (options.isSupervised) deps.control.sendParent(message);
  };
  const requests = listenForStop(deps.control, options.isSupervised);
  try {
    return await untilStopped(deps, options, requests, tell);
  } catch (error) {
    const failure = explainStartError(error, options.settings.node);
    tell({ type: 'failed', exitCode: failure.exitCode, code: failure.code, message: failure.message });
    throw failure;
  } finally {
    requests.close();
  }
}

async function untilStopped(
  { startNode, log, onReady }: RunNodeDeps,
  { settings, warnings }: RunNodeOptions,
  requests: StopRequests,
  tell: (message: FromNode) => void,
): Promise<number> {
  for (const warning of warnings) log.warn(warning);
  const interrupted = requests.second.then((): 'interrupted' => 'interrupted');
  const starting = startNode({ ...toNodeOptions(settings.node), log });
  const node = await Promise.race([starting, interrupted]);
  if (node === 'interrupted') return abandon(starting);
  tell({ type: 'ready', clientAddress: node.clientAddress });
  onReady(node);
  const reason = await Promise.race([requests.first, ended(node)]);
  log.info('stopping: open requests are finished first', { reason, drainTimeoutMs: settings.node.drainTimeoutMs });
  const closing = node.close().then((): 'closed' => 'closed');
  const outcome = await Promise.race([closing, ended(node).then((): 'closed' => 'closed'), interrupted]);
  if (outcome === 'closed') {
    await closing;
    log.info('stopped');
    return exitCodes.ok.code;
  }
  return abandon(closing);
}

/** Resolves when the node closed in order; rejects with an explanation when it ended by itself. */
async function ended(node: RunningNode): Promise<string> {
  try {
    await node.closed;
  } catch (error) {
    throw explainNodeFailure(error);
  }
  return 'the node was closed';
}

/** The process ends at once; what still runs must not turn into an unhandled rejection on the way out. */
function abandon(work: Promise<unknown>): number {
  work.catch(() => undefined);
  return exitCodes.interrupted.code;
}
