/**
 * The world as one process of a node sees it. When the process is killed nothing of it goes on: its timers and turns don't run, its connections are reset and
 * no call to disk or network returns. So a killed node needs no cooperation, and leaves nothing behind but garbage.
 */
import type { Clock, Env, Log, Random, Timer } from '../../env/env.js';
import type { Failpoint, Failpoints } from '../../env/failpoints.js';
import type { Address, Connection, Listener, Network } from '../../env/network.js';
import type { MemoryDisk } from '../../env/testing/memory-disk.js';
import type { MemoryNetwork } from '../../env/testing/memory-network.js';

export interface ProcessWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: MemoryNetwork;
  readonly log: Log;
}

export class ProcessEnv implements Env {
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly disk: MemoryDisk;
  readonly network: Network;
  readonly log: Log;
  readonly failpoints: Failpoints;
  readonly #world: ProcessWorld;
  readonly #host: string;

  /** @param onHit the process has come to a point; not told of a dead one */
  constructor(world: ProcessWorld, host: string, disk: MemoryDisk, onHit: (name: Failpoint) => void) {
    this.#world = world;
    this.#host = host;
    this.clock = new ProcessClock(world.clock);
    this.random = world.random;
    this.disk = disk;
    this.network = new ProcessNetwork(world.network.host(host), () => this.clock.isStopped);
    this.log = world.log;
    this.failpoints = {
      hit: (name) => {
        if (!this.clock.isStopped) onHit(name);
      },
    };
  }

  /** Takes effect at once. */
  kill(): void {
    this.clock.stop();
    this.disk.faults.halt();
    this.#world.network.stopHost(this.#host);
  }
}

class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    return this.#keep(timer);
  }

  setInterval(intervalMs: number, run: () => void): Timer {
    return this.#keep(this.#clock.setInterval(intervalMs, run));
  }

  defer(run: () => void): void {
    this.#clock.defer(() => {
      if (!this.isStopped) run();
    });
  }

  #keep(timer: Timer): Timer {
    if (this.isStopped) timer.cancel();
    else this.#timers.add(timer);
    return timer;
  }
}

class ProcessNetwork implements Network {
  readonly #network: Network;
  readonly #isKilled: () => boolean;

  constructor(network: Network, isKilled: () => boolean) {
    this.#network = network;
    this.#isKilled = isKilled;
  }

  listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
    return this.#isKilled() ? never() : this.#network.listen(address, onConnection);
  }

  async connect(address: Address, timeoutMs: number): Promise<Connection> {
    if (this.#isKilled()) return never();
    const connection = await this.#network.connect(address, timeoutMs).catch((error: unknown) => {
      if (this.#isKilled()) return never();
      throw error;
    });
    if (!this.#isKilled()) return connection;
    connection.destroy();
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
