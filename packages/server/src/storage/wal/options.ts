/** Options of the log, filled and checked once. */
import type { WalOptions } from './wal.js';

const MIB = 1024 * 1024;

/** Used where an option is not given. */
export const WAL_DEFAULTS: WalOptions = {
  segmentBytes: 64 * MIB,
  batchBytesMax: 4 * MIB,
  appendBytesMax: 256 * MIB,
  reserveBytes: 256 * MIB,
  copyForwardBytes: 512 * MIB,
  spaceCheckMs: 1000,
  testing: {},
};

const RANGES = {
  segmentBytes: [4096, 1024 * MIB],
  batchBytesMax: [1024, 64 * MIB],
  appendBytesMax: [1024, 512 * MIB],
  reserveBytes: [0, Number.MAX_SAFE_INTEGER],
  copyForwardBytes: [0, Number.MAX_SAFE_INTEGER],
  spaceCheckMs: [10, 3_600_000],
} as const;

const NAMES = [
  'segmentBytes',
  'batchBytesMax',
  'appendBytesMax',
  'reserveBytes',
  'copyForwardBytes',
  'spaceCheckMs',
] as const;

/** Fills in defaults; throws a RangeError that names the option, its value and its range (S4). */
export function completeWalOptions(options: Partial<WalOptions>): WalOptions {
  const complete = { ...WAL_DEFAULTS, ...options };
  for (const name of NAMES) {
    const [min, max] = RANGES[name];
    const value = complete[name];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new RangeError(`${name} is ${value}; allowed are integers from ${min} to ${max}`);
    }
  }
  if (complete.segmentBytes % 512 !== 0) throw new RangeError('segmentBytes must be a multiple of 512');
  return complete;
}
