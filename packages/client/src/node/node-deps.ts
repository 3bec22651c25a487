/** Time, chance and connections of a real machine. */
import { createRealClock, socketConnector } from '@kvorum/grpc';
import type { ClientDeps } from '../base/deps.js';
import { grpcConnections, type GrpcConnectionsOptions } from './grpc-channel.js';

/** What {@link connect} gives a client. */
export function createNodeDeps(options: GrpcConnectionsOptions): ClientDeps {
  const clock = createRealClock();
  const connectorOf = (address: string) => socketConnector(hostAndPort(address));
  return {
    clock: { nowMs: () => clock.now(), schedule: (delayMs, run) => clock.setTimer(delayMs, run) },
    random: { next: () => Math.random() },
    connections: grpcConnections({ clock, connectorOf }, options),
  };
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
