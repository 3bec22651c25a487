/**
 * Commands on their way into the log: from callers on this node and forwarded by other nodes. Once a turn everything that waits is
 * proposed here, if this replica leads, or sent to the leader, or kept (architecture 2).
 *
 * Nothing that was handed on is ever sent a second time; what the leader refused was not proposed and may be.
 */
import { COMMAND_PUT } from '@kvorum/core/kv/command.js';
import type { ForwardAnswer } from '../../transport/transport.js';
import { definite, type EndReason, type FailureReason, unknown } from '../outcome.js';
import type { PendingCommand } from './pending-command.js';
import { PlacedCommands } from './placed-commands.js';
import {
  batchBytesMax,
  batchCommandsMax,
  packBatches,
  type ProposalBatch,
  type ProposalItem,
} from './proposal-batch.js';

/** Why the leader did not take a forwarded request. */
type RefusalReason = Extract<ForwardAnswer, { kind: 'refused' }>['reason'];

/** Where commands can go; the replica implements it. */
export interface ProposalTarget {
  /** Proposes one entry per batch. The place of the first one, or why none was proposed: `full` may change by itself. */
  propose(
    batches: readonly (readonly Uint8Array[])[],
  ): { readonly index: number; readonly term: number } | 'notLeader' | 'full';
  /** The disk is below its reserve: puts are refused, deletes and compaction go on (R24). */
  isOutOfSpace(): boolean;
  /** Undefined when no leader is known. */
  leader(): number | undefined;
  isLeader(): boolean;
  /** False when the request could not be queued for the peer; then nothing was sent. */
  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean;
  answer(to: number, requestId: number, answer: ForwardAnswer): void;
}

/** How much may wait; beyond, commands are refused as overloaded. */
export interface ProposerOptions {
  readonly queueBytesMax: number;
  readonly queueCommandsMax: number;
}

interface LocalItem extends ProposalItem {
  readonly origin: PendingCommand;
}

interface ForwardedItem extends ProposalItem {
  readonly origin: { readonly from: number; readonly requestId: number };
}

type QueuedItem = LocalItem | ForwardedItem;

interface ForwardedGroup {
  readonly to: number;
  readonly commands: readonly PendingCommand[];
}

/** Bytes proposed at once: what one turn writes stays far below what the log takes as one append. The rest follows after the sync. */
export const proposeBytesMax = 16 * 1024 * 1024;

/** One per replica. Every command added is settled exactly once; every forwarded request gets one answer, or loses its connection. */
export class Proposer {
  readonly placed = new PlacedCommands();
  private queue: QueuedItem[] = [];
  private queuedBytes = 0;
  private readonly groups = new Map<number, ForwardedGroup>();
  private nextRequestId = 1;
  /** The node that refused to lead since the last tick: it would only do so again, as fast as the wire allows. */
  private refuser: number | undefined;
  private endReason: EndReason | undefined;
  private readonly target: ProposalTarget;
  private readonly options: ProposerOptions;

  constructor(target: ProposalTarget, options: ProposerOptions) {
    this.target = target;
    this.options = options;
  }

  get queuedCommands(): number {
    return this.queue.length;
  }

  /** A command of a caller on this node. */
  add(command: PendingCommand): void {
    if (this.endReason !== undefined) {
      command.settle(definite(this.endReason));
      return;
    }
    if (!this.hasRoom(command.bytes.length)) {
      command.settle(definite('overloaded'));
      return;
    }
    this.push({ commands: [command.bytes], bytes: command.bytes.length, origin: command });
  }

  /** Commands that another node forwarded. They must be copies (N13). */
  addForwarded(from: number, requestId: number, commands: readonly Uint8Array[]): void {
    const refusal = this.refusalOf(commands);
    if (refusal !== undefined) {
      this.target.answer(from, requestId, { kind: 'refused', reason: refusal });
      return;
    }
    this.push({ commands, bytes: bytesOf(commands), origin: { from, requestId } });
  }

  /** Moves everything that can move. Called once a turn. */
  flush(): void {
    if (this.queue.length === 0) return;
    if (this.target.isLeader()) {
      this.proposeQueued();
      return;
    }
    this.refuseForwarded();
    const leader = this.target.leader();
    if (leader !== undefined && leader !== this.refuser) this.forwardQueued(leader);
  }

  /** Ends commands whose time ran out. Called once a tick. */
  expire(nowMs: number): void {
    this.refuser = undefined;
    for (const item of this.takeQueue()) if (!isLocal(item) || !item.origin.expire(nowMs)) this.push(item);
    for (const [requestId, group] of this.groups) {
      if (group.commands.map((command) => command.expire(nowMs)).every(Boolean)) this.groups.delete(requestId);
    }
    this.placed.expire(nowMs);
  }

  /** The leader's answer to a forwarded request. An unknown id was given up before. */
  answered(from: number, requestId: number, answer: ForwardAnswer, appliedIndex: number): void {
    const group = this.groups.get(requestId);
    if (group === undefined || group.to !== from) return;
    this.groups.delete(requestId);
    if (answer.kind === 'accepted') {
      this.place(group, answer, appliedIndex);
      return;
    }
    if (answer.reason === 'notLeader' || answer.reason === 'stopping') this.refuser = from;
    this.requeueRefused(group, answer.reason);
  }

  /**
   * The connection to `peer` is lost: requests it had not answered may or may not be in its log. What it had forwarded and is not proposed yet is
   * forgotten: nobody waits for the answer, and a peer that restarted meanwhile uses the same request ids for other commands.
   */
  disconnected(peer: number): void {
    for (const item of this.takeQueue()) if (isLocal(item) || item.origin.from !== peer) this.push(item);
    for (const [requestId, group] of this.groups) {
      if (group.to !== peer) continue;
      this.groups.delete(requestId);
      for (const command of group.commands) command.settle(unknown('disconnected'));
    }
  }

  /** Ends all waiting: what was not sent is definite, the rest unknown. Later commands are refused. */
  end(reason: EndReason): void {
    this.endReason = reason;
    for (const item of this.takeQueue()) {
      if (isLocal(item)) item.origin.settle(definite(reason));
      else this.refuse(item, 'stopping');
    }
    for (const group of this.groups.values()) {
      for (const command of group.commands) command.settle(unknown(reason));
    }
    this.groups.clear();
    this.placed.abandon(reason);
  }

  private proposeQueued(): void {
    const items = this.takeProposable();
    const count = countWithin(items, proposeBytesMax);
    for (const item of items.splice(count)) this.push(item);
    if (items.length === 0) return;
    const batches = packBatches(items);
    const result = this.target.propose(batches.map((batch) => batch.commands));
    if (typeof result === 'object') {
      batches.forEach((batch, i) => this.placeBatch(batch, result.index + i, result.term));
      return;
    }
    for (const item of items) this.push(item);
  }

  private takeProposable(): QueuedItem[] {
    const items = this.takeQueue().filter((item) => !isLocal(item) || !item.origin.isDone);
    if (!this.target.isOutOfSpace()) return items;
    return items.filter((item) => {
      if (!item.commands.some((command) => command[0] === COMMAND_PUT)) return true;
      this.fail(item, 'noSpace');
      return false;
    });
  }

  private placeBatch(batch: ProposalBatch<QueuedItem>, index: number, term: number): void {
    batch.items.forEach((item, i) => {
      const offset = batch.offsets[i] ?? 0;
      if (!isLocal(item)) {
        this.target.answer(item.origin.from, item.origin.requestId, { kind: 'accepted', index, term, offset });
        return;
      }
      item.origin.phase = 'sent';
      this.placed.add(index, term, offset, item.origin);
    });
  }

  private forwardQueued(leader: number): void {
    const commands = this.takeQueue().flatMap((item) => (isLocal(item) && !item.origin.isDone ? [item.origin] : []));
    let start = 0;
    while (start < commands.length) {
      const end = groupEnd(commands, start);
      const group = commands.slice(start, end);
      const requestId = this.nextRequestId;
      this.nextRequestId += 1;
      const isSent = this.target.forward(
        leader,
        requestId,
        group.map((command) => command.bytes),
      );
      if (!isSent) {
        for (const command of commands.slice(start)) this.push(localItem(command));
        return;
      }
      for (const command of group) command.phase = 'sent';
      this.groups.set(requestId, { to: leader, commands: group });
      start = end;
    }
  }

  private place(
    group: ForwardedGroup,
    at: { readonly index: number; readonly term: number; readonly offset: number },
    appliedIndex: number,
  ): void {
    group.commands.forEach((command, i) => {
      if (at.index <= appliedIndex) command.settle(unknown('disconnected'));
      else this.placed.add(at.index, at.term, at.offset + i, command);
    });
  }

  private requeueRefused(group: ForwardedGroup, reason: RefusalReason): void {
    for (const command of group.commands) {
      if (command.isDone) continue;
      command.phase = 'queued';
      if (reason === 'notLeader' || reason === 'stopping') this.push(localItem(command));
      else command.settle(definite(reason));
    }
  }

  /** Only a leader keeps forwarded commands; their node must look for the new one. */
  private refuseForwarded(): void {
    for (const item of this.takeQueue()) {
      if (isLocal(item)) this.push(item);
      else this.refuse(item, 'notLeader');
    }
  }

  private fail(item: QueuedItem, reason: FailureReason & RefusalReason): void {
    if (isLocal(item)) item.origin.settle(definite(reason));
    else this.refuse(item, reason);
  }

  private refuse(item: ForwardedItem, reason: RefusalReason): void {
    this.target.answer(item.origin.from, item.origin.requestId, { kind: 'refused', reason });
  }

  private refusalOf(commands: readonly Uint8Array[]): RefusalReason | undefined {
    if (this.endReason !== undefined) return 'stopping';
    if (!this.target.isLeader()) return 'notLeader';
    return this.hasRoom(bytesOf(commands)) ? undefined : 'overloaded';
  }

  private hasRoom(bytes: number): boolean {
    return this.queue.length < this.options.queueCommandsMax && this.queuedBytes + bytes <= this.options.queueBytesMax;
  }

  private push(item: QueuedItem): void {
    this.queue.push(item);
    this.queuedBytes += item.bytes;
  }

  private takeQueue(): QueuedItem[] {
    const items = this.queue;
    this.queue = [];
    this.queuedBytes = 0;
    return items;
  }
}

/** How many items fit in `bytesMax`; at least one when there is one. */
function countWithin(items: readonly QueuedItem[], bytesMax: number): number {
  let bytes = 0;
  for (const [count, item] of items.entries()) {
    bytes += item.bytes;
    if (bytes > bytesMax) return Math.max(1, count);
  }
  return items.length;
}

function isLocal(item: QueuedItem): item is LocalItem {
  return 'settle' in item.origin;
}

function localItem(command: PendingCommand): LocalItem {
  return { commands: [command.bytes], bytes: command.bytes.length, origin: command };
}

function bytesOf(commands: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const command of commands) bytes += command.length;
  return bytes;
}

/** The end of the longest group from `start` that fits one entry. */
function groupEnd(commands: readonly PendingCommand[], start: number): number {
  let end = start;
  let bytes = 0;
  while (end < commands.length && end - start < batchCommandsMax) {
    bytes += commands[end]?.bytes.length ?? 0;
    if (bytes > batchBytesMax && end > start) break;
    end += 1;
  }
  return end;
}
