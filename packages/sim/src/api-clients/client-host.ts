/** The process in which a real client runs: its own clock, chance, and connections over the simulated network. */
import type { ClientDeps } from '@kvorum/client';
import { grpcConnections, type GrpcConnectionsOptions } from '@kvorum/client/internal/node/grpc-channel.js';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Network } from '@kvorum/server/internal/env/network.js';
import type { Processor } from '../machine/processor.js';
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
export function clientDepsOf(
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
