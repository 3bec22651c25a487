/** Work for several processes: each child gets an order, answers, and gets the next. */
import { fork } from 'node:child_process';

/** Rejects when a child ends before its time. */
export async function runInProcesses<Order extends object, Result>(
  script: string,
  orders: readonly Order[],
  jobs: number,
  onResult: (result: Result) => void,
): Promise<void> {
  const waiting = [...orders];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(script, { serialization: 'advanced' });
      const next = (): void => {
        const order = waiting.shift();
        if (order === undefined) child.disconnect();
        else child.send(order);
      };
      child.on('message', (result: Result) => {
        onResult(result);
        next();
      });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a child ended with ${String(code)}`))));
      next();
    });
  await Promise.all(Array.from({ length: Math.min(jobs, orders.length) }, work));
}

/**
 * The life of a child process: an order comes, an answer goes. Nobody is left to answer once the parent is gone, however it went: then the process ends at once
 * and says nothing, in the middle of a run too.
 */
export function serveOrders<Order, Answer>(run: (order: Order) => Promise<Answer>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order: Order) => {
    void run(order).then((answer) => {
      if (process.connected) process.send?.(answer, undefined, undefined, () => undefined);
    });
  });
}
