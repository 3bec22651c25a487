/**
 * The network as one process sees it: what it sends and gets is written down, and what comes back to a process that has ended or stands still is
 * dropped or held, as all its input is.
 */
import { crc32 } from 'node:zlib';
import type { Address, Connection, ConnectionHandler, Network } from '@kvorum/server/internal/env/network.js';
import type { Processor } from './processor.js';

/** What the network of a process works with. */
export interface LoggedNetworkDeps {
  readonly network: Network;
  readonly processor: Processor;
  readonly log: (what: string) => void;
}

export function loggedNetwork({ network, processor, log }: LoggedNetworkDeps): Network {
  const wrap = (connection: Connection): Connection => new LoggedConnection(connection, log);
  const never = <T>(): Promise<T> => new Promise(() => {});
  return {
    listen: (address, onConnection) =>
      processor.isDead ? never() : network.listen(address, (connection) => onConnection(wrap(connection))),
    connect: (address, timeoutMs) => {
      if (processor.isDead) return never();
      log(`dial ${address.host}`);
      return new Promise((resolve, reject) => {
        network.connect(address, timeoutMs).then(
          (connection) => {
            if (processor.isDead) connection.destroy();
            else processor.input(() => resolve(wrap(connection)));
          },
          (error: Error) => {
            log(`dial ${address.host} failed`);
            processor.input(() => reject(error));
          },
        );
      });
    },
  };
}

class LoggedConnection implements Connection {
  readonly #inner: Connection;
  readonly #log: (what: string) => void;

  constructor(inner: Connection, log: (what: string) => void) {
    this.#inner = inner;
    this.#log = log;
  }

  get remote(): Address {
    return this.#inner.remote;
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes;
  }

  setHandler(handler: ConnectionHandler): void {
    const { host } = this.remote;
    this.#inner.setHandler({
      onData: (chunk) => {
        this.#log(`from ${host} ${chunk.length} ${crc32(chunk)}`);
        handler.onData(chunk);
      },
      onDrain: () => handler.onDrain(),
      onClose: (error) => {
        this.#log(`closed ${host} ${error?.code ?? ''}`);
        handler.onClose(error);
      },
    });
  }

  write(bytes: Uint8Array): boolean {
    this.#log(`to ${this.remote.host} ${bytes.length}`);
    return this.#inner.write(bytes);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}
