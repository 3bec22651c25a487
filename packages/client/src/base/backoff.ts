/** How long to wait before trying again. */
import type { ClientRandom } from './deps.js';

const firstMs = 25;
const waitMsMax = 400;

/** Between half and all of 25 ms, 50 ms and so on, at most 400 ms: a new leader is there within a second or two, and is to be found soon. */
export function backoffMs(failures: number, random: ClientRandom): number {
  const fullMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 16), waitMsMax);
  return fullMs * (0.5 + 0.5 * random.next());
}
