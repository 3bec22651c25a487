/**
 * Packs everything that arrived in a loop turn into as few entries as the limits allow (P1). Pure.
 *
 * An item's commands stay together, in order, in one entry, so that one (index, term, offset) names them all.
 */
import { BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_HEADER_BYTES } from '@kvorum/core/kv/entry-codec.js';

/** Commands in one entry. */
export const batchCommandsMax = BATCH_COMMANDS_MAX;
/** Command bytes in one entry, unless it is a single larger command. */
export const batchBytesMax = BATCH_BYTES_MAX - BATCH_HEADER_BYTES;

/** Commands that were proposed together. */
export interface ProposalItem {
  readonly commands: readonly Uint8Array[];
  readonly bytes: number;
}

/** One entry to be. `offsets[i]` is the number of the first command of `items[i]`. */
export interface ProposalBatch<Item extends ProposalItem> {
  readonly items: readonly Item[];
  readonly offsets: readonly number[];
  readonly commands: readonly Uint8Array[];
}

/** Packs items, in order, into batches. An item over a limit gets a batch of its own. */
export function packBatches<Item extends ProposalItem>(items: readonly Item[]): ProposalBatch<Item>[] {
  const batches: ProposalBatch<Item>[] = [];
  let open: Item[] = [];
  let offsets: number[] = [];
  let commands: Uint8Array[] = [];
  let bytes = 0;
  const close = (): void => {
    if (open.length > 0) batches.push({ items: open, offsets, commands });
    open = [];
    offsets = [];
    commands = [];
    bytes = 0;
  };
  for (const item of items) {
    const isFull = commands.length + item.commands.length > batchCommandsMax || bytes + item.bytes > batchBytesMax;
    if (isFull) close();
    open.push(item);
    offsets.push(commands.length);
    for (const command of item.commands) commands.push(command);
    bytes += item.bytes;
  }
  close();
  return batches;
}
