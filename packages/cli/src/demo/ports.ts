/** Checks that ports are free before anything is started, so that a taken one is told by its number and option. */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command-error.js';
import type { NodePlan } from './plan.js';

const retryMs = 100;

/** Fails with a {@link CommandError} that names the first taken port. Waits up to `patienceMs` for ports to become free. */
export async function requireFreePorts(nodes: readonly NodePlan[], patienceMs: number): Promise<void> {
  const wanted = nodes.flatMap(({ id, port, peerPort }) => [
    { port, what: `HTTP port of node ${id}`, flag: '--port' },
    { port: peerPort, what: `peer port of node ${id}`, flag: '--peer-port' },
  ]);
  let waitedMs = 0;
  for (const { port, what, flag } of wanted) {
    while (!(await isFree(port))) {
      if (waitedMs >= patienceMs) {
        throw new CommandError('cannotStart', `port ${port} (${what}) is taken by another program`, {
          code: 'EADDRINUSE',
          hint: `Stop that program, or choose other ports with ${flag}.`,
          fields: { option: flag.slice(2), port },
        });
      }
      await sleep(retryMs);
      waitedMs += retryMs;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
