/** A child process of the hunt: a bug is in the whole program, so each hunt has a process of its own. */
import { serveHunts } from './command.js';

serveHunts();
