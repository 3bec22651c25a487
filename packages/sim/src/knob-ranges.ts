/** What a knob may be that people fix: what a cluster can be started with and comes to an end with. */
import type { Knobs } from './knobs.js';

type NumberKnob = { [Name in keyof Knobs]: Knobs[Name] extends number ? Name : never }[keyof Knobs];

interface Range {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

/** What is allowed, as a test and in words. */
export interface Allowed {
  readonly text: string;
  isFine(value: unknown): boolean;
}

const whole = (min: number, max: number): Range => ({ min, max, isWhole: true });
const any = (min: number, max: number): Range => ({ min, max, isWhole: false });

const MIB = 1024 * 1024;
const MINUTES_MS = 600_000;

const ranges: Readonly<Record<NumberKnob, Range>> = {
  nodes: whole(1, 7),
  faultsMs: whole(0, MINUTES_MS),
  heartbeatMs: whole(1, 10_000),
  electionTimeoutMs: whole(2, MINUTES_MS),
  requestTimeoutMs: whole(1, MINUTES_MS),
  latencyMs: any(0, 10_000),
  jitterMs: any(0, 10_000),
  diskMs: any(0, 10_000),
  turnMs: any(0, 10_000),
  segmentBytes: whole(4096, 64 * MIB),
  logRetainBytes: whole(0, 1024 * MIB),
  logWindowBytes: whole(0, 1024 * MIB),
  flushRows: whole(1, 1_000_000),
  flushAgeMs: whole(1, MINUTES_MS),
  maxInflightMessages: whole(1, 1024),
  clients: whole(1, 100),
  apiClients: whole(0, 100),
  thinkMs: any(0.1, MINUTES_MS),
  keys: whole(1, 10_000),
  valueBytesMax: whole(0, MIB),
  faultEveryMs: any(1, MINUTES_MS),
  faultLastsMs: any(1, MINUTES_MS),
  compareEntries: whole(1, 1_000_000),
  compareMs: whole(1, MINUTES_MS),
  splitProbability: any(0, 0.9),
  membershipEveryMs: whole(0, MINUTES_MS),
  firstVoters: whole(1, 7),
  boundedReaders: any(0, 1),
  clockDriftBound: any(0, 0.9),
  clockDriftMax: any(0, 0.9),
};

/** What the knob may be; knobs that are lists are read elsewhere. */
export function allowedOf(name: string): Allowed {
  if (name === 'linearizableReads') {
    const isFine = (value: unknown): boolean => value === 'readIndex' || value === 'lease';
    return { text: '"readIndex" or "lease"', isFine };
  }
  const range = new Map<string, Range>(Object.entries(ranges)).get(name);
  if (range === undefined) return { text: 'a knob that is a number', isFine: () => false };
  const { min, max, isWhole } = range;
  return {
    text: `${isWhole ? 'an integer' : 'a number'} from ${min} to ${max}`,
    isFine: (value) =>
      typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value)),
  };
}
