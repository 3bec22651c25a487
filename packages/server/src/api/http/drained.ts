import type { Exchange } from './exchange.js';

/** Resolves when the socket takes more, or is gone. */
export function drained({ response }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    };
    response.on('drain', settle);
    response.on('close', settle);
    if (response.destroyed) settle();
  });
}
