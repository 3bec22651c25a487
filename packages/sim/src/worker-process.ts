/** A child process of the simulator's command. */
import { serveOrders } from './jobs.js';
import { runOrder } from './order.js';

serveOrders(runOrder);
