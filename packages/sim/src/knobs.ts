/**
 * The configuration of one run, drawn from its seed (swarm testing: each seed has another mix, so that rare mixes get their turn). A few may be fixed
 * from outside.
 */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import { dealFailpoints, needsSegments, needsSnapshots } from './faults/failpoint-deal.js';
import { dealSureFaults, type SureFault } from './faults/sure-deal.js';
import { chance, integerIn, pick, shuffled, spread, stream } from './world/chance.js';

/** Every kind of fault that the schedule may hold. */
export const faultKinds = [
  'powerCut',
  'processKill',
  'allPowerCut',
  'wipe',
  'pause',
  'clockJump',
  'clockDrift',
  'cpuStarved',
  'cutOneWay',
  'splitNodes',
  'bridge',
  'chain',
  'isolateLeader',
  'swizzle',
  'resetLink',
  'slowLink',
  'diskSlow',
  'diskStall',
  'failedRead',
  'failedWrite',
  'failedSync',
  'failedAppend',
  'fullDisk',
  'storeFailed',
  'storeStalled',
  'bitFlip',
  'zeroedSector',
  'misdirectedWrite',
  'cutNewLeader',
  'cutInElection',
  'cutInSnapshot',
  'cutAfterStart',
  'quorumLoss',
  'constrainedElection',
  'cutAtVoteSync',
  'damageNeeded',
  'silentCorruption',
  'clientReset',
  'clientAnswersLost',
  'clientCutOff',
  'clientPause',
] as const;

/** Clocks that nobody trusts (R5, R21). */
const DRIFT_MAX = 0.5;
/** Of all runs, those with lease reads. */
const LEASE_SHARE = 0.3;

export type FaultKind = (typeof faultKinds)[number];

/** Kinds that befall real clients. */
const clientFaultKinds = ['clientReset', 'clientAnswersLost', 'clientCutOff', 'clientPause'] as const;
/** Kinds that are not drawn with the others, so that these stay what they were. */
const drawnApart: ReadonlySet<FaultKind> = new Set(['silentCorruption', ...clientFaultKinds]);

/** Kinds that take place whenever they are asked for, whatever the cluster's size and state. */
const alwaysPossible: ReadonlySet<FaultKind> = new Set([
  'clockJump',
  'clockDrift',
  'cpuStarved',
  'diskSlow',
  'storeStalled',
]);

export function isAlwaysPossible(kind: FaultKind): boolean {
  return alwaysPossible.has(kind);
}

export interface Knobs {
  readonly nodes: number;
  /** Length of the phase with faults. */
  readonly faultsMs: number;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** One way. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly diskMs: number;
  readonly turnMs: number;
  readonly segmentBytes: number;
  readonly logRetainBytes: number;
  readonly logWindowBytes: number;
  readonly flushRows: number;
  readonly flushAgeMs: number;
  readonly maxInflightMessages: number;
  readonly clients: number;
  /** So many of them are the real client, over HTTP/2. */
  readonly apiClients: number;
  readonly thinkMs: number;
  readonly keys: number;
  readonly valueBytesMax: number;
  /** Mean time between faults. */
  readonly faultEveryMs: number;
  /** Mean time that a lasting fault lasts. */
  readonly faultLastsMs: number;
  /** Kinds that happen in this run. */
  readonly faults: readonly FaultKind[];
  /** Of the rare kinds, those that are tried until they have happened. */
  readonly sureFaults: readonly SureFault[];
  /** Replicas compare their states after so many entries, or so long after a write. */
  readonly compareEntries: number;
  readonly compareMs: number;
  /** Failpoints at which the power is cut once (R6). */
  readonly failpoints: readonly Failpoint[];
  /** Bytes of a received chunk are split with this probability. */
  readonly splitProbability: number;
  /** Mean time between changes of membership; 0: members stay as they are. */
  readonly membershipEveryMs: number;
  /** So many nodes, from the first on, vote in the beginning; the others are no members. */
  readonly firstVoters: number;
  /** Share of the clients that hardly do anything but reads with a bound for their age; 0: nobody makes such reads. */
  readonly boundedReaders: number;
  readonly linearizableReads: 'readIndex' | 'lease';
  /** What nodes are told of their clocks. */
  readonly clockDriftBound: number;
  /** What is true of them: so much faster or slower than the world. Beyond the bound lease reads may be stale (R28), ReadIndex never is (R21). */
  readonly clockDriftMax: number;
}

export type FixedKnobs = { readonly [Name in keyof Knobs]?: Knobs[Name] | undefined };

/** The knobs of a seed. */
export function drawKnobs(seed: number, fixed: FixedKnobs = {}): Knobs {
  const random = stream(seed, 'knobs');
  const comparing = stream(seed, 'comparing states');
  const heartbeatMs = integerIn(random, 20, 100);
  const nodes = pick(random, [1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7]);
  const failpoints = fixed.failpoints ?? dealFailpoints(seed, fixed.nodes ?? nodes);
  const ofFailpoints = stream(seed, 'knobs of failpoints');
  // Most seeds are such that they come to their failpoints.
  const isMostly = (needs: (name: Failpoint) => boolean) => failpoints.some(needs) && chance(ofFailpoints, 0.7);
  const drawn: Omit<Knobs, 'membershipEveryMs' | 'firstVoters' | 'apiClients'> = {
    nodes,
    faultsMs: integerIn(random, 22_000, 26_000),
    heartbeatMs,
    electionTimeoutMs: Math.round(heartbeatMs * (4 + random.float() * 8)),
    requestTimeoutMs: integerIn(random, 500, 5000),
    latencyMs: spread(random, 0.1, 10),
    jitterMs: spread(random, 0.1, 10),
    diskMs: spread(random, 0.05, 5),
    turnMs: spread(random, 0.01, 2),
    segmentBytes: 512 * Math.round(spread(random, 8, isMostly(needsSegments) ? 24 : 512)),
    logRetainBytes: Math.round(spread(random, 4096, isMostly(needsSnapshots) ? 16 * 1024 : 96 * 1024)),
    logWindowBytes: drawLogWindow(stream(seed, 'log window')),
    flushRows: Math.round(spread(random, 1, 2000)),
    flushAgeMs: Math.round(spread(random, 5, 2000)),
    maxInflightMessages: integerIn(random, 1, 16),
    clients: integerIn(random, 3, 12),
    // A small cluster makes few events per operation.
    thinkMs: 1000 / (spread(random, 5, 20) * (nodes < 3 ? 3 : 1)),
    keys: integerIn(random, 1, 40),
    valueBytesMax: Math.round(spread(random, 1, 4000)),
    faultEveryMs: spread(random, 300, 1000),
    faultLastsMs: spread(random, 200, 4000),
    faults: [...drawFaults(random), ...(chance(comparing, 0.3) ? ['silentCorruption' as const] : [])],
    // Whoever chooses the faults has all of them chosen.
    sureFaults: fixed.faults === undefined ? dealSureFaults(seed, fixed.nodes ?? nodes) : [],
    compareEntries: Math.round(spread(comparing, 10, 1000)),
    compareMs: Math.round(spread(comparing, 50, 3000)),
    failpoints,
    splitProbability: chance(random, 0.5) ? 0 : random.float() * 0.3,
    ...drawReads(stream(seed, 'reads')),
    boundedReaders: pick(stream(seed, 'bounded reads'), [0.1, 0.25, 0.5]),
  };
  // Knobs that were written down before there were real clients have none.
  const api = fixed.clients === undefined ? drawApiClients(stream(seed, 'api clients'), drawn) : { apiClients: 0 };
  return { ...drawn, ...api, ...drawMembership(random, fixed.nodes ?? nodes), ...definedOf(fixed) };
}

/** In nearly all runs some of the clients are real ones, and suffer faults of their own. */
function drawApiClients(
  random: Random,
  { clients, faults }: Pick<Knobs, 'clients' | 'faults'>,
): Pick<Knobs, 'apiClients' | 'faults'> {
  if (chance(random, 0.05)) return { apiClients: 0, faults };
  const ofClients = clientFaultKinds.filter(() => chance(random, 0.5));
  return { apiClients: integerIn(random, 1, Math.ceil(clients * 0.6)), faults: [...faults, ...ofClients] };
}

/** Members come and go in most clusters that are large enough for it. */
function drawMembership(random: Random, nodes: number): Pick<Knobs, 'membershipEveryMs' | 'firstVoters'> {
  if (nodes < 3 || !chance(random, 0.8)) return { membershipEveryMs: 0, firstVoters: nodes };
  const firstVoters = chance(random, 0.5) ? nodes : integerIn(random, 1, nodes);
  return { membershipEveryMs: Math.round(spread(random, 200, 4000)), firstVoters };
}

/** From nothing at all, so that followers are mostly served from disk, to more than is retained. */
function drawLogWindow(random: Random): number {
  return chance(random, 0.2) ? 0 : Math.round(spread(random, 64, 128 * 1024));
}

/** In most runs clocks drift by as much as they like, in some no further than lease reads allow. */
function drawReads(random: Random): Pick<Knobs, 'linearizableReads' | 'clockDriftBound' | 'clockDriftMax'> {
  if (!chance(random, LEASE_SHARE)) {
    return { linearizableReads: 'readIndex', clockDriftBound: 0.05, clockDriftMax: DRIFT_MAX };
  }
  const bound = Math.round(1000 * spread(random, 0.01, 0.3)) / 1000;
  return { linearizableReads: 'lease', clockDriftBound: bound, clockDriftMax: bound };
}

function drawFaults(random: Random): FaultKind[] {
  const share = 0.15 + random.float() * 0.6;
  const kinds = faultKinds.filter((kind) => !drawnApart.has(kind));
  const chosen = kinds.filter(() => chance(random, share));
  const sure = pick(random, [...alwaysPossible]);
  if (chosen.length < 3)
    chosen.push(
      ...shuffled(
        random,
        kinds.filter((kind) => !chosen.includes(kind)),
      ).slice(0, 3),
    );
  return chosen.some(isAlwaysPossible) ? chosen : [...chosen, sure];
}

/** Without what is left open. */
export function definedOf(fixed: FixedKnobs): Partial<Knobs> {
  const given: [string, unknown][] = Object.entries(fixed).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
