/** TCP of this machine over `node:net`. Every socket has an error handler from the moment it exists (S10). */
import { createServer, type Server, Socket } from 'node:net';
import { errorCode } from './disk-failure.js';
import { type Address, type Connection, type Listener, type Network, NetworkError } from './network.js';
import { RealConnection, WRITE_MARK_BYTES } from './real-connection.js';
import type { Turn } from './real-turn.js';

// `net.Socket` hands its options on to the stream, which takes the mark; the types do not say so.
const SOCKET_OPTIONS = { highWaterMark: WRITE_MARK_BYTES, allowHalfOpen: false };

/** The network of this machine; connections send at the end of `turn`. */
export function createRealNetwork(turn: Turn): Network {
  return {
    listen: (address, onConnection) => listen(address, turn, onConnection),
    connect: (address, timeoutMs) => connect(address, turn, timeoutMs),
  };
}

function listen(address: Address, turn: Turn, onConnection: (connection: Connection) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(SOCKET_OPTIONS, (socket) => onConnection(new RealConnection(socket, turn)));
    const refuse = (error: Error) => reject(toNetworkError('listen on', address, error));
    server.once('error', refuse);
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.off('error', refuse);
      // An accept that fails (no descriptors left) is told here and concerns no open connection: the next one is tried.
      server.on('error', () => undefined);
      resolve(toListener(server, address));
    });
  });
}

function toListener(server: Server, asked: Address): Listener {
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : asked.port;
  return {
    address: { host: asked.host, port },
    // The port is free as soon as close() returns; its callback would wait for the open connections.
    close(): Promise<void> {
      if (server.listening) server.close();
      return Promise.resolve();
    },
  };
}

function connect(address: Address, turn: Turn, timeoutMs: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = new Socket(SOCKET_OPTIONS);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new NetworkError(`connect to ${address.host}:${address.port}: no answer within ${timeoutMs} ms`, 'ETIMEDOUT'),
      );
    }, timeoutMs);
    const refuse = (error: Error) => {
      clearTimeout(timer);
      reject(toNetworkError('connect to', address, error));
    };
    socket.on('error', refuse);
    socket.once('connect', () => {
      clearTimeout(timer);
      const connection = new RealConnection(socket, turn);
      socket.off('error', refuse);
      resolve(connection);
    });
    socket.connect({ host: address.host, port: address.port });
  });
}

function toNetworkError(verb: string, address: Address, error: Error): NetworkError {
  const code = errorCode(error);
  return new NetworkError(`${verb} ${address.host}:${address.port}: ${code}`, code, error);
}
