/**
 * Commands on their way into the log: from callers on this node and forwarded by other nodes. Once a turn everything that waits is
 * proposed here, if this replica leads, or sent to the leader, or kept (architecture 2).
 *
 * Nothing that was handed on is ever sent a second time; what the leader refused was not proposed and may be.
 */
import { COMMAND_PUT, isUpkeep } from '@kvorum/core/kv/command.js';
import type { ForwardAnswer } from '../../transport/transport.js';
import { definite, type EndReason, type FailureReason, unknown } from '../outcome.js';
import { CommandQueue, type CommandQueueOptions, type QueuedCommands } from './command-queue.js';
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
    mayUseReserve?: boolean,
  ): { readonly index: number; readonly term: number } | 'notLeader' | 'full';
  /** The disk is below its reserve: puts are refused, deletes and compaction go on (R24). */
  isOutOfSpace(): boolean;
  /** Undefined when no leader is known. */
  leader(): number | undefined;
  isLeader(): boolean;
  /** False when the request could not be queued for the peer; then nothing was sent. */
  forward(to: number, requestId: number, commands: readonly Uint8Array[]): boolean;
  answer(to: number, requestId: number, answer: ForwardAnswer): void;
  /** Committed entries that this replica has not applied. */
  unappliedEntries(): number;
}

interface LocalItem extends ProposalItem, QueuedCommands {
  readonly origin: PendingCommand;
}

interface ForwardedItem extends ProposalItem, QueuedCommands {
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
  private readonly queue: CommandQueue<QueuedItem>;
  private readonly groups = new Map<number, ForwardedGroup>();
  /** Commands of all groups. */
  private grouped = 0;
  private nextRequestId = 1;
  /** The node that refused to lead since the last tick: it would only do so again, as fast as the wire allows. */
  private refuser: number | undefined;
  private endReason: EndReason | undefined;
  private readonly target: ProposalTarget;

  constructor(target: ProposalTarget, options: CommandQueueOptions) {
    this.target = target;
    this.queue = new CommandQueue(options);
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
    const item = localItem(command);
    if (this.hasRoom(item)) this.queue.push(item);
    else command.settle(definite('overloaded'));
  }

  /** Commands that another node forwarded. They must be copies (N13). */
  addForwarded(from: number, requestId: number, commands: readonly Uint8Array[]): void {
    const item = {
      commands,
      bytes: bytesOf(commands),
      isUpkeep: commands.every(isUpkeep),
      origin: { from, requestId },
    };
    const refusal = this.refusalOf(item);
    if (refusal === undefined) this.queue.push(item);
    else this.refuse(item, refusal);
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
    for (const item of this.queue.takeAll()) if (!isLocal(item) || !item.origin.expire(nowMs)) this.queue.push(item);
    for (const [requestId, group] of this.groups) {
      if (group.commands.map((command) => command.expire(nowMs)).every(Boolean)) this.endGroup(requestId, group);
    }
    this.placed.expire(nowMs);
  }

  /** The leader's answer to a forwarded request. An unknown id was given up before. */
  answered(from: number, requestId: number, answer: ForwardAnswer, appliedIndex: number): void {
    const group = this.groups.get(requestId);
    if (group === undefined || group.to !== from) return;
    this.endGroup(requestId, group);
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
    for (const item of this.queue.takeAll()) if (isLocal(item) || item.origin.from !== peer) this.queue.push(item);
    for (const [requestId, group] of this.groups) {
      if (group.to !== peer) continue;
      this.endGroup(requestId, group);
      for (const command of group.commands) command.settle(unknown('disconnected'));
    }
  }

  /** Ends all waiting: what was not sent is definite, the rest unknown. Later commands are refused. */
  end(reason: EndReason): void {
    this.endReason = reason;
    for (const item of this.queue.takeAll()) {
      if (isLocal(item)) item.origin.settle(definite(reason));
      else this.refuse(item, 'stopping');
    }
    for (const group of this.groups.values()) {
      for (const command of group.commands) command.settle(unknown(reason));
    }
    this.groups.clear();
    this.grouped = 0;
    this.placed.abandon(reason);
  }

  private proposeQueued(): void {
    const items = this.takeProposable();
    const count = countWithin(items, proposeBytesMax);
    const rest = items.splice(count);
    if (items.length > 0 && !this.proposeItems(items, false)) {
      // Sessions must not end because a leader has too much to do (S12).
      const upkeep = items.filter((item) => item.isUpkeep);
      const isTaken = upkeep.length > 0 && this.proposeItems(upkeep, true);
      for (const item of items) if (!isTaken || !item.isUpkeep) this.queue.push(item);
    }
    for (const item of rest) this.queue.push(item);
  }

  /** False when the log takes nothing now. */
  private proposeItems(items: readonly QueuedItem[], mayUseReserve: boolean): boolean {
    const batches = packBatches(items);
    const result = this.target.propose(
      batches.map((batch) => batch.commands),
      mayUseReserve,
    );
    if (typeof result !== 'object') return false;
    batches.forEach((batch, i) => this.placeBatch(batch, result.index + i, result.term));
    return true;
  }

  private takeProposable(): QueuedItem[] {
    const items = this.queue.takeAll().filter((item) => !isLocal(item) || !item.origin.isDone);
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
    const commands = this.queue
      .takeAll()
      .flatMap((item) => (isLocal(item) && !item.origin.isDone ? [item.origin] : []));
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
        for (const command of commands.slice(start)) this.queue.push(localItem(command));
        return;
      }
      for (const command of group) command.phase = 'sent';
      this.groups.set(requestId, { to: leader, commands: group });
      this.grouped += group.length;
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
      if (reason === 'notLeader' || reason === 'stopping') this.queue.push(localItem(command));
      else command.settle(definite(reason));
    }
  }

  /** Only a leader keeps forwarded commands; their node must look for the new one. */
  private refuseForwarded(): void {
    for (const item of this.queue.takeAll()) {
      if (isLocal(item)) this.queue.push(item);
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

  private refusalOf(item: ForwardedItem): RefusalReason | undefined {
    if (this.endReason !== undefined) return 'stopping';
    if (!this.target.isLeader()) return 'notLeader';
    return this.hasRoom(item) ? undefined : 'overloaded';
  }

  private hasRoom(item: QueuedItem): boolean {
    const commands = this.grouped + this.placed.commands;
    return this.queue.hasRoomFor(item, { commands, unappliedEntries: this.target.unappliedEntries() });
  }

  private endGroup(requestId: number, group: ForwardedGroup): void {
    this.groups.delete(requestId);
    this.grouped -= group.commands.length;
  }
}

const noBytes = new Uint8Array(0);

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
  const { bytes } = command;
  return { commands: [bytes], bytes: bytes.length, isUpkeep: isUpkeep(bytes), origin: command };
}

function bytesOf(commands: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const command of commands) bytes += command.length;
  return bytes;
}

/** The end of the longest group from `start` that fits one entry; upkeep is not mixed with what the leader may refuse. */
function groupEnd(commands: readonly PendingCommand[], start: number): number {
  let end = start;
  let bytes = 0;
  const isFirstUpkeep = isUpkeep(commands[start]?.bytes ?? noBytes);
  while (end < commands.length && end - start < batchCommandsMax) {
    const command = commands[end]?.bytes ?? noBytes;
    bytes += command.length;
    if (end > start && (bytes > batchBytesMax || isUpkeep(command) !== isFirstUpkeep)) break;
    end += 1;
  }
  return end;
}
