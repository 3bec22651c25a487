/** The process in which a real client runs: its own clock, chance, and connections over the simulated network. */
import { type Client, type ClientDeps, createClient } from '@kvorum/client';
import { grpcConnections, type GrpcConnectionsOptions } from '@kvorum/client/internal/node/grpc-channel.js';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Network } from '@kvorum/server/internal/env/network.js';
import type { Processor } from '../machine/processor.js';
import { chance, integerIn, shuffled, spread } from '../world/chance.js';
import { clientPort } from './client-face.js';
import { StreamBytes } from './stream-bytes.js';

export interface ClientHost {
  /** As others dial it. */
  readonly name: string;
  readonly processor: Processor;
  readonly network: Network;
  readonly random: Random;
}

/** How long a dial waits at most; the client itself waits for less. */
const DIAL_MS_MAX = 5_000;

/** What a client in the process is given. */
function clientDepsOf(
  { processor, network, random }: Omit<ClientHost, 'name'>,
  options: GrpcConnectionsOptions,
): ClientDeps {
  const clock = {
    now: () => processor.nowMs(),
    setTimer: (delayMs: number, run: () => void) => processor.setTimer(delayMs, run),
    endOfTurn: (run: () => void) => processor.defer(run),
  };
  const connectorOf = (authority: string) => {
    const [host = '', port] = authority.split(':');
    return {
      authority,
      scheme: 'http' as const,
      connect: async () => new StreamBytes(await network.connect({ host, port: Number(port) }, DIAL_MS_MAX)),
    };
  };
  return {
    clock: { nowMs: () => processor.nowMs(), schedule: (delayMs, run) => processor.setTimer(delayMs, run) },
    random: { next: () => random.float() },
    connections: grpcConnections({ clock, connectorOf }, options),
  };
}

/** A client in the process, with options and addresses that `random` draws: each has its own patience, and any one node that can be reached suffices. */
export function newClient(host: Omit<ClientHost, 'name'>, nodes: readonly string[]): Client {
  const { random } = host;
  const grpc = {
    dialTimeoutMs: integerIn(random, 100, 1_000),
    keepaliveMs: integerIn(random, 1_000, 5_000),
    connectionsPerServer: chance(random, 0.2) ? 2 : 1,
  };
  const options = {
    ...grpc,
    session: chance(random, 0.85),
    timeoutMs: Math.round(spread(random, 1_000, 10_000)),
    attemptTimeoutMs: Math.round(spread(random, 200, 3_000)),
    refreshMs: Math.round(spread(random, 500, 5_000)),
    ...(chance(random, 0.2) ? { maxBatchOperations: 1 } : {}),
  };
  const known = chance(random, 0.5) ? nodes.length : integerIn(random, 1, nodes.length);
  const target = shuffled(random, nodes).slice(0, known);
  return createClient(
    target.map((name) => `${name}:${clientPort}`),
    options,
    clientDepsOf(host, grpc),
  );
}
