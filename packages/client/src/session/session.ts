/** One session of a client on the cluster. */
import { SessionWindow } from './session-window.js';

export class Session {
  readonly id: number;
  readonly idleMs: number;
  readonly window: SessionWindow;

  constructor(id: number, idleMs: number, windowSize: number) {
    this.id = id;
    this.idleMs = idleMs;
    this.window = new SessionWindow(windowSize);
  }
}
