/**
 * Pipelined requests of one connection run one after the other: Node hands them out at once, but a GET sent after a PUT must see it.
 * Connections without pipelining pay one map lookup.
 */
import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { pipelinedRequestsMax } from './limits.js';

export class TurnTaking {
  /** Per connection with a running request: what waits behind it. */
  readonly #waiting = new Map<Socket, (() => void)[] | undefined>();

  /** Runs `run` when all earlier requests of the connection are answered; never when the connection is gone by then. */
  take(socket: Socket, response: ServerResponse, run: () => void): void {
    response.on('close', () => this.#next(socket));
    if (!this.#waiting.has(socket)) {
      this.#waiting.set(socket, undefined);
      run();
      return;
    }
    const queue = this.#waiting.get(socket) ?? [];
    if (queue.length >= pipelinedRequestsMax) socket.destroy();
    queue.push(run);
    this.#waiting.set(socket, queue);
  }

  #next(socket: Socket): void {
    const run = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
    if (run === undefined) this.#waiting.delete(socket);
    else run();
  }
}
