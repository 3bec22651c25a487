/** What is checked once all nodes are back after a power cut. */
import { KvorumError } from '@kvorum/protocol';
import type { KvorumNode } from '../../node.js';
import { defaultShardOf } from '../cluster.js';
import { type Held, type KeptWrites, Violation } from './kept-writes.js';
import { heldOf } from './writer.js';

const utf8 = new TextDecoder();

/** Replicas at the same index hold the same. */
export function checkStates(nodes: readonly KvorumNode[]): void {
  const states = nodes.map((node) => {
    const { appliedIndex, chainHash, contentHash, revision, compactRevision, keys } = defaultShardOf(node);
    return JSON.stringify({ appliedIndex, chainHash, contentHash, revision, compactRevision, keys });
  });
  if (new Set(states).size > 1) throw new Violation('lost', `replicas differ: ${states.join(' ')}`);
}

/** Reads all keys, old revisions and what was compacted, through one node. Throws a {@link Violation}. */
export async function readEverything(node: KvorumNode, kept: KeptWrites): Promise<void> {
  const listing = await node.list();
  const found = new Map<string, Held>();
  for await (const page of listing.pages) {
    for (const row of page) {
      const held = heldOf(row);
      if (held !== undefined) found.set(utf8.decode(row.key), held);
    }
  }
  kept.settle(found, listing.revision);
  for (const { key, revision, text } of kept.old) {
    const { kv } = await node.get(key, { revision, consistency: 'serializable' });
    const was = heldOf(kv);
    if (was?.text !== text || was.revision !== revision) {
      throw new Violation(
        'lost',
        `${key} at revision ${revision} reads ${was?.text ?? 'nothing'}, written was ${text}`,
      );
    }
  }
  if (kept.compacted > 1) await checkCompacted(node, kept.compacted - 1);
}

async function checkCompacted(node: KvorumNode, revision: number): Promise<void> {
  try {
    await node.get('any', { revision, consistency: 'serializable' });
  } catch (error) {
    if (error instanceof KvorumError && error.code === 'COMPACTED') return;
    throw error;
  }
  throw new Violation('lost', `revision ${revision} can be read though compaction past it was acknowledged`);
}
