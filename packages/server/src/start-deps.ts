/** What tests and the simulator may put in the place of the machine. */
import type { Env } from './env/env.js';
import type { ProcessProbe } from './env/process-probe.js';
import type { FirstMembers } from './node-shards.js';
import type { ShardHost } from './shard/shard-host.js';
import type { ComparisonCadence } from './shard/state-comparison/comparison-schedule.js';
import type { FlushPolicy } from './storage/flush-policy.js';
import type { StoreKind } from './storage/revision-store.js';
import type { WalTestSwitches } from './storage/wal/wal.js';

/** For tests and the simulator: another machine, or ways to be wrong on purpose. */
export interface StartDeps {
  readonly env?: Env | undefined;
  /** How stores are kept when `storage` is `disk`. Default: LMDB. */
  readonly storeKind?: StoreKind | undefined;
  /** When write-behind is due. Default: the store's own. */
  readonly flushPolicy?: FlushPolicy | undefined;
  /** Where figures of the process come from. Default: this process. */
  readonly probe?: ProcessProbe | undefined;
  /** Who is a member of the shards of a new cluster; the same on all nodes. Default: all configured nodes vote. */
  readonly firstMembers?: FirstMembers | undefined;
  /** Called with the shards of the node once they are open, to look at and not to touch. */
  readonly inspect?: ((host: ShardHost) => void) | undefined;
  readonly testing?: WalTestSwitches | undefined;
  /** How often replicas compare their states. Default: the constants in `comparison-schedule.ts`. */
  readonly comparison?: ComparisonCadence | undefined;
  /** What a replica carries out in place of an entry, to corrupt its state silently (R14). */
  readonly misread?: ((shard: number, entry: Uint8Array, index: number) => Uint8Array) | undefined;
}
