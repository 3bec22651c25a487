/** Runs the events of a world, one per turn of Node's loop: so all promises of an event have settled before the next one runs, and nothing depends on how long it took. */
import type { EventQueue } from './world/event-queue.js';

/** Runs events until `isDone`, looked at between events. Rejects with what an event throws: that is a bug, an uncaught exception. */
export function pump(queue: EventQueue, isDone: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (): void => {
      try {
        if (isDone() || !queue.step()) return resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      setImmediate(step);
    };
    step();
  });
}
