/** `kvorum servers`: the nodes as the cluster tells them to its clients. */
import type { ServerInfo } from '@kvorum/client';
import { Command } from 'commander';
import { withClient } from '../client/connection.js';
import { formatTable, printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags } from './client-flags.js';

const examples = `
Examples:
  kvorum servers
  kvorum servers -e 10.0.0.1:2379 --json | jq -r .address`;

/** `kvorum servers`. */
export function serversCommand(terminal: Terminal): Command {
  const command = new Command('servers')
    .summary('list the nodes of the cluster')
    .description('Asks one node for all: where clients reach each, who leads, and which it is connected with.');
  return addClientFlags(command)
    .addHelpText('after', examples)
    .action(async (flags: ClientFlags) => {
      const servers = await withClient(terminal, flags, (client) => client.servers());
      const sorted = servers.toSorted((a, b) => Number(a.id) - Number(b.id));
      if (flags.json === true) {
        for (const server of sorted) printJson(terminal.stdout, server);
        return;
      }
      for (const line of formatTable(header, sorted.map(showServer))) printLine(terminal.stdout, line);
    });
}

const header = ['NODE', 'ADDRESS', 'ROLE', 'ZONE', 'VERSION', 'CONNECTED'];

function showServer({ id, address, role, zone, version, isConnected }: ServerInfo): string[] {
  return [id, address, role, zone, version]
    .map((text) => (text === '' ? '-' : text))
    .concat(isConnected ? 'yes' : 'no');
}
