/**
 * Commands that wait to be proposed or forwarded, and the admission to it (S12): callers' commands as long as what waits stays within the limits and applying
 * keeps up; the upkeep of sessions on a share of its own, and before all others.
 */
/** Committed entries that this replica has not applied. With more, commands of callers are refused: they would only wait, or run into their time-out. */
export const applyLagEntriesMax = 5_000;

/** Commands for the upkeep of sessions that may wait whatever else does: as many as there may be sessions (`SESSIONS_MAX`), some 20 bytes each. */
export const upkeepCommandsMax = 10_000;

/** How much may wait; beyond, commands are refused as overloaded. */
export interface CommandQueueOptions {
  readonly queueBytesMax: number;
  readonly queueCommandsMax: number;
}

/** Commands that go together. */
export interface QueuedCommands {
  readonly bytes: number;
  /** All of them are upkeep. */
  readonly isUpkeep: boolean;
}

/** What is under way besides the queue. */
export interface Underway {
  /** Commands of this node's callers that were sent or proposed and have no outcome yet, upkeep among them. */
  readonly commands: number;
  /** Committed entries that are not applied. */
  readonly unappliedEntries: number;
}

/** One per replica. Keeps the order of what was pushed, but for upkeep, which goes first. */
export class CommandQueue<Item extends QueuedCommands> {
  private upkeep: Item[] = [];
  private others: Item[] = [];
  /** Of the others. */
  private bytes = 0;
  private readonly options: CommandQueueOptions;

  constructor(options: CommandQueueOptions) {
    this.options = options;
  }

  get length(): number {
    return this.upkeep.length + this.others.length;
  }

  /** Whether a new item may join. What was let in once may always come back. */
  hasRoomFor({ bytes, isUpkeep }: QueuedCommands, { commands, unappliedEntries }: Underway): boolean {
    if (isUpkeep) return this.upkeep.length < upkeepCommandsMax;
    const { queueBytesMax, queueCommandsMax } = this.options;
    const isWithin = this.others.length + commands < queueCommandsMax && this.bytes + bytes <= queueBytesMax;
    return isWithin && unappliedEntries <= applyLagEntriesMax;
  }

  push(item: Item): void {
    if (item.isUpkeep) {
      this.upkeep.push(item);
      return;
    }
    this.others.push(item);
    this.bytes += item.bytes;
  }

  /** Empties it. */
  takeAll(): Item[] {
    const items = this.upkeep.length === 0 ? this.others : this.upkeep.concat(this.others);
    this.upkeep = [];
    this.others = [];
    this.bytes = 0;
    return items;
  }
}
