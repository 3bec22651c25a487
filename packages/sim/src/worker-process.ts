/** A child process of the simulator's command: an order comes, an answer goes. */
import { type Order, runOrder } from './order.js';

process.on('message', (order: Order) => {
  void runOrder(order).then((answer) => process.send?.(answer));
});
