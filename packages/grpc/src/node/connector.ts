/** Connects a client by TCP or TLS. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Connector } from '../client/options.js';
import { SocketConnection } from './socket-connection.js';

export interface SocketConnectorOptions {
  readonly host: string;
  readonly port: number;
  /** Certificates and all else that `node:tls` takes; TLS is off without. */
  readonly tls?: ConnectionOptions;
}

/** A connector to one address, for {@link GrpcClient}. */
export function socketConnector({ host, port, tls }: SocketConnectorOptions): Connector {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    authority,
    scheme: tls === undefined ? 'http' : 'https',
    connect: (signal) =>
      tls === undefined
        ? opened(connectTcp({ host, port, noDelay: true }), 'connect', signal)
        : opened(connectTls({ host, port, ALPNProtocols: ['h2'], ...tls }), 'secureConnect', signal),
  };
}

function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    const onAbort = () => socket.destroy(new Error('the attempt to connect was given up'));
    const onClose = () => reject(new Error('the connection was closed'));
    socket.once('error', reject);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort);
      socket.setNoDelay(true);
      resolve(new SocketConnection(socket));
      socket.off('error', reject);
      socket.off('close', onClose);
    });
  });
}
