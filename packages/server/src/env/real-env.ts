/** The machine as an {@link Env}: the only way by which a node reaches timers, files, sockets and chance (R1). */
import type { Env, Log } from './env.js';
import { createRealClock } from './real-clock.js';
import { createRealDisk } from './real-disk.js';
import { createRealNetwork } from './real-network.js';
import { createRealRandom } from './real-random.js';
import { Turn } from './real-turn.js';

/** One Env per node; its parts share the end of the loop turn. */
export function createRealEnv(options: { readonly log: Log }): Env {
  const turn = new Turn();
  return {
    clock: createRealClock(turn),
    random: createRealRandom(),
    disk: createRealDisk(),
    network: createRealNetwork(turn),
    log: options.log,
  };
}
