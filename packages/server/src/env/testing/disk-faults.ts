/** Faults that a test plans for a {@link MemoryDisk}: an error or a stall, for the calls it names. */
import { DiskError } from '../disk.js';

export type DiskOperation =
  | 'append'
  | 'list'
  | 'lock'
  | 'makeDir'
  | 'open'
  | 'read'
  | 'readFile'
  | 'remove'
  | 'rename'
  | 'space'
  | 'sync'
  | 'syncDir'
  | 'truncate'
  | 'write';

export interface FaultPlan {
  readonly operation: DiskOperation;
  /** Only paths that hold this text. Default: all. */
  readonly path?: string;
  /** Lets this many matching calls pass first. Default 0. */
  readonly skip?: number;
  /** Hits this many calls. Default 1. */
  readonly count?: number;
}

interface Fault {
  readonly plan: FaultPlan;
  skip: number;
  count: number;
  readonly code: string | undefined;
  readonly released: Promise<void> | undefined;
}

/** The planned faults of one disk. */
export class DiskFaults {
  /** Time that each call takes; no time unless set. */
  delay: ((operation: DiskOperation, path: string) => Promise<void>) | undefined;
  readonly #faults: Fault[] = [];
  #isHalted = false;

  /** Makes calls fail with a system's code (`EIO`, `ENOSPC`, …). */
  fail(plan: FaultPlan, code: string): void {
    this.#faults.push({ plan, skip: plan.skip ?? 0, count: plan.count ?? 1, code, released: undefined });
  }

  /** Makes calls wait until the returned function is called. */
  stall(plan: FaultPlan): () => void {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#faults.push({ plan, skip: plan.skip ?? 0, count: plan.count ?? 1, code: undefined, released });
    return release;
  }

  /** The process is dead: no call returns any more. */
  halt(): void {
    this.#isHalted = true;
  }

  /** Passes, waits, or throws what is planned for a call. */
  async pass(operation: DiskOperation, path: string): Promise<void> {
    if (this.#isHalted) await never();
    if (this.delay !== undefined) await this.delay(operation, path);
    for (const fault of this.#faults) {
      if (fault.plan.operation !== operation || !path.includes(fault.plan.path ?? '') || fault.count === 0) continue;
      if (fault.skip > 0) {
        fault.skip--;
        continue;
      }
      fault.count--;
      if (fault.code !== undefined) throw new DiskError(operation, path, fault.code);
      await fault.released;
    }
    if (this.#isHalted) await never();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
