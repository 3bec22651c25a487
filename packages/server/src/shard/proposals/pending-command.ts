/** One command of a caller on this node, from its arrival to its one result. */
import { checkCommand } from '@kvorum/core/kv/entry-codec.js';
import { type CommandResult, definite, unknown } from '../outcome.js';

/** Where a command is; decides what a time-out may claim. */
export type CommandPhase =
  /** Still on this node: a failure is definite. */
  | 'queued'
  /** Handed to Raft here or to the leader: it may happen any time. */
  | 'sent';

/** Settles exactly once. */
export class PendingCommand {
  /** The encoded command (core/kv/command). */
  readonly bytes: Uint8Array;
  /** When it ends without a result, by the host's clock. */
  readonly deadlineMs: number;
  phase: CommandPhase = 'queued';
  private onResult: ((result: CommandResult) => void) | undefined;

  constructor(bytes: Uint8Array, deadlineMs: number, onResult: (result: CommandResult) => void) {
    this.bytes = bytes;
    this.deadlineMs = deadlineMs;
    this.onResult = onResult;
  }

  get isDone(): boolean {
    return this.onResult === undefined;
  }

  settle(result: CommandResult): void {
    const onResult = this.onResult;
    this.onResult = undefined;
    onResult?.(result);
  }

  /** Settles it when its time has run out; answers whether it is done. */
  expire(nowMs: number): boolean {
    if (!this.isDone && nowMs >= this.deadlineMs) this.settleLate();
    return this.isDone;
  }

  private settleLate(): void {
    this.settle(this.phase === 'queued' ? definite('noLeader') : unknown('timeout'));
  }
}

/** Whether a peer sent what may become an entry; anything else would be corruption after commit. */
export function areCommands(commands: readonly Uint8Array[]): boolean {
  try {
    for (const command of commands) checkCommand(command);
    return commands.length > 0;
  } catch {
    return false;
  }
}
