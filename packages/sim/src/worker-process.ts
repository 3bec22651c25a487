/** A child process of the simulator's command: runs seeds that it is told. */
import { serveOrders } from './cli.js';

serveOrders();
