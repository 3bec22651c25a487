/**
 * Peer ports for nodes that come and go. They lie below the range from which systems take ports for outgoing connections: while a node is down,
 * such a connection could otherwise get its port, and the node would not start again.
 */
import { createServer } from 'node:net';

const LOWEST = 15_000;
const HIGHEST = 29_000;

/** So many free ports of loopback. */
export async function freePeerPorts(count, chance) {
  const ports = new Set();
  while (ports.size < count) {
    const port = chance.integer(LOWEST, HIGHEST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
