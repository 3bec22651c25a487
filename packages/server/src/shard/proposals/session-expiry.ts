/**
 * The leader's part in ending idle sessions: now and then it looks whether there are any, and has the log end them (architecture 14). Which ones end the
 * state machine decides, at the entry, by shardTime: equally on every replica, whoever proposed it and however often.
 */
import { encodeExpireSessions } from '@kvorum/core/kv/command.js';
import { SESSION_IDLE_MS } from '@kvorum/core/kv/session-codec.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { ProposalRoute } from './proposal-route.js';

/** Time between two looks. */
export const sessionCheckMs = 10_000;

/** What the expiry works with. */
export interface SessionExpiryDeps {
  /** Undefined while the state is being replaced. */
  readonly machine: () => StateMachine | undefined;
  readonly route: Pick<ProposalRoute, 'isLeader' | 'shardTimeMs' | 'propose'>;
}

/** One per replica. */
export class SessionExpiry {
  private nextMs = 0;
  private readonly deps: SessionExpiryDeps;

  constructor(deps: SessionExpiryDeps) {
    this.deps = deps;
  }

  /** Called once a tick. What is not accepted, or lost with its leader, is proposed again after the next look. */
  tick(nowMs: number): void {
    const { machine, route } = this.deps;
    if (nowMs < this.nextMs || !route.isLeader()) return;
    this.nextMs = nowMs + sessionCheckMs;
    const nowOfShardMs = route.shardTimeMs();
    if (machine()?.hasIdleSessions(SESSION_IDLE_MS, nowOfShardMs) === true) {
      route.propose([[encodeExpireSessions(SESSION_IDLE_MS)]], true);
    }
  }
}
