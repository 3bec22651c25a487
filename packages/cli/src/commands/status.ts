/** `kvorum status`: what the given nodes say about themselves and each other. */
import { Command } from 'commander';
import { noEndpoint } from '../client/answer-error.js';
import { type Endpoint, readEndpoints } from '../client/endpoint.js';
import { defaultShard, fetchStatus, type SeenStatus } from '../client/node-status.js';
import { CommandError } from '../command-error.js';
import { formatTable, printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags } from './client-flags.js';

type Seen =
  | { readonly url: string; readonly status: SeenStatus; readonly raw: unknown }
  | { readonly url: string; readonly status: undefined; readonly reason: string };

const statusTimeoutMs = 5000;

/** `kvorum status`. */
export function statusCommand(terminal: Terminal): Command {
  const command = new Command('status')
    .summary('show the state of nodes and cluster')
    .description('Asks each endpoint. Exit code 0 when all are ready, 1 when one is not, 7 when none answered.');
  return addClientFlags(command, 'for each answer (default: 5s)')
    .addHelpText('after', '\nExamples:\n  kvorum status\n  kvorum status -e 127.0.0.1:30080 -e 127.0.0.1:30081')
    .action((flags: ClientFlags) => showStatus(terminal, flags));
}

async function showStatus(terminal: Terminal, flags: ClientFlags): Promise<void> {
  const endpoints = readEndpoints(flags, terminal.env);
  const seen = await Promise.all(endpoints.map((endpoint) => ask(endpoint, flags.timeout ?? statusTimeoutMs)));
  const failures = seen.flatMap((each) => (each.status === undefined ? [{ url: each.url, reason: each.reason }] : []));
  if (failures.length === seen.length) throw noEndpoint(failures);
  if (flags.json === true) {
    for (const each of seen) {
      const { url } = each;
      printJson(
        terminal.stdout,
        each.status === undefined ? { endpoint: url, error: each.reason } : { endpoint: url, status: each.raw },
      );
    }
  } else {
    for (const line of describe(seen)) printLine(terminal.stdout, line);
  }
  const bad = seen.filter(({ status }) => status?.isReady !== true).map(({ url }) => url);
  if (bad.length > 0) throw new CommandError('failed', `not ready: ${bad.join(', ')}`, { code: 'NOT_READY' });
}

async function ask(endpoint: Endpoint, timeoutMs: number): Promise<Seen> {
  try {
    return { url: endpoint.url, ...(await fetchStatus(endpoint, timeoutMs)) };
  } catch (error) {
    return { url: endpoint.url, status: undefined, reason: error instanceof Error ? error.message : String(error) };
  }
}

function describe(seen: readonly Seen[]): string[] {
  const rows = seen.map((each) => {
    if (each.status === undefined) return [each.url, '-', `no answer: ${each.reason}`];
    const { nodeId, isReady, state } = each.status;
    const shard = defaultShard(each.status);
    const numbers =
      shard === undefined ? ['-', '-', '-', '-'] : [shard.term, shard.appliedIndex, shard.revision, shard.keys];
    const leader = shard?.leader === undefined || shard.leader === null ? 'none' : `node ${shard.leader}`;
    return [each.url, `${nodeId}`, isReady ? 'ready' : state, shard?.role ?? '-', leader, ...numbers.map(String)];
  });
  const header = ['ENDPOINT', 'NODE', 'STATE', 'ROLE', 'LEADER', 'TERM', 'APPLIED', 'REVISION', 'KEYS'];
  return [...formatTable(header, rows), ...members(seen), ...warnings(seen)];
}

function members(seen: readonly Seen[]): string[] {
  const first = seen.find(({ status }) => status !== undefined)?.status;
  if (first === undefined || first.members.length < 2) return [];
  const rows = first.members.map(({ nodeId, peerAddress, clientAddress, isSelf, isConnected }) => [
    String(nodeId),
    peerAddress ?? '-',
    clientAddress ?? '-',
    isSelf ? 'self' : isConnected ? 'connected' : 'not connected',
  ]);
  return [
    '',
    `Members, as node ${first.nodeId} sees them:`,
    ...formatTable(['NODE', 'PEER', 'CLIENT', 'CONNECTION'], rows),
  ];
}

function warnings(seen: readonly Seen[]): string[] {
  const told = seen.flatMap(
    ({ status }) => status?.warnings.map((warning) => `node ${status.nodeId}: ${warning}`) ?? [],
  );
  return told.length === 0 ? [] : ['', ...told];
}
