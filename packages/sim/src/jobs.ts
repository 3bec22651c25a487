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
