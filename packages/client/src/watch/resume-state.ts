/**
 * What a watch knows and does next: a complete table of state × event, without time, streams or chance. It decides where the watch goes on after a
 * loss, so that every event is delivered exactly once and in order (R11).
 *
 * The position is the first revision of which not everything was delivered. A revision counts as delivered when a response says that all up to it has
 * come; until then its events are held, or, where parts were asked for, counted. A stream that ends takes what is held with it: the next one begins at
 * the position, and leaves out as many events of that revision as were delivered. The order within a revision is the same on every node, and a
 * revision is whole or compacted away as a whole, so that the count is enough.
 */
import { isMutated } from '../base/mutation.js';
import { watchOddFailuresMax } from './limits.js';

/** What the table needs of an event. */
export interface Revisioned {
  readonly revision: number;
}

/** What the table needs of an error. */
export interface Failure {
  readonly code: string;
}

/** How this watch wants to be told. */
export interface ResumeOptions {
  /** Parts of a revision are delivered as they come. */
  readonly mayFragment: boolean;
  /** Batches without events are delivered too. */
  readonly wantsProgress: boolean;
  /** Most bytes of a revision that are held until all of it has come. */
  readonly heldBytesMax: number;
}

/** Where a watch is in the history. */
interface Position<E> {
  /** The first revision that is not wholly delivered; 0 until the first response tells where a watch from now on begins. */
  readonly next: number;
  /** Some server has begun the watch. */
  readonly hasBegun: boolean;
  /** Events of `next` that were delivered as parts. */
  readonly delivered: number;
  /** Events of `next` that this stream sends again. */
  readonly toSkip: number;
  /** Events of `next` that are held until the rest of it comes, by response. */
  readonly held: readonly (readonly E[])[];
  readonly heldBytes: number;
}

/** Attempts that failed since a stream last went well. */
interface Misfortune {
  readonly failures: number;
  /** Those of them that do not say that a server is away. */
  readonly oddFailures: number;
}

export type ResumeState<E> =
  /** A stream was asked for; nothing has come on it. */
  | { readonly name: 'opening'; readonly at: Position<E>; readonly misfortune: Misfortune }
  /** The stream's first response has come. */
  | { readonly name: 'following'; readonly at: Position<E>; readonly misfortune: Misfortune }
  /** Between two streams. */
  | { readonly name: 'pausing'; readonly at: Position<E>; readonly misfortune: Misfortune }
  | { readonly name: 'ended' };

export type ResumeEvent<E, F extends Failure> =
  | {
      readonly kind: 'response';
      readonly events: readonly E[];
      readonly revision: number;
      readonly isFragment: boolean;
      /** Its size as it travelled. */
      readonly bytes: number;
    }
  /** The stream ended with an error. */
  | { readonly kind: 'failed'; readonly failure: F }
  /** The stream ended without one. */
  | { readonly kind: 'finished' }
  /** Nothing came for too long. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'cancelled'; readonly failure: F };

/** Events of whole revisions, up to and including `revision`, unless it `isFragment`. */
export interface Delivery<E> {
  readonly revision: number;
  readonly events: readonly E[];
  /** More events of the last one's revision follow. */
  readonly isFragment: boolean;
}

/** Why a watch ends by itself: a revision is larger than what may be held; servers go on sending what can't be. */
export type Trouble = 'tooLargeRevision' | 'outOfOrder';

export type ResumeOutput<E, F extends Failure> =
  /** Ask a server for a stream from this revision on; 0: from now on. */
  | { readonly kind: 'open'; readonly fromRevision: number }
  /** The watch has begun: this is the first revision whose events it delivers. */
  | { readonly kind: 'started'; readonly fromRevision: number }
  | { readonly kind: 'deliver'; readonly batch: Delivery<E> }
  /** Close the stream, and rather not take its server for the next one. */
  | { readonly kind: 'leave' }
  /** Wait, the longer the more attempts have failed, then say `paused`. */
  | { readonly kind: 'pause'; readonly failures: number }
  /** Nothing follows. Close the stream; the reader gets the failure. */
  | { readonly kind: 'end'; readonly failure: F }
  /** The same, for a reason of our own. */
  | { readonly kind: 'endBy'; readonly trouble: Trouble };

export interface ResumeStep<E, F extends Failure> {
  readonly state: ResumeState<E>;
  readonly outputs: readonly ResumeOutput<E, F>[];
}

const noMisfortune: Misfortune = { failures: 0, oddFailures: 0 };

/** The server is away, or was too slow: nothing is wrong with the watch. */
const awayCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'STOPPED', 'TIMEOUT']);
/** No server can serve this watch, now or later. */
const finalCodes: ReadonlySet<string> = new Set([
  'COMPACTED',
  'FUTURE_REVISION',
  'INVALID_ARGUMENT',
  'KEY_TOO_LARGE',
  'KEYSPACE_NOT_FOUND',
  'REQUEST_TOO_LARGE',
  'ROUTE_NOT_FOUND',
]);

/** Begins a watch at `fromRevision`; 0 stands for what comes from now on. */
export function startWatch<E, F extends Failure>(fromRevision: number): ResumeStep<E, F> {
  const at: Position<E> = { next: fromRevision, hasBegun: false, delivered: 0, toSkip: 0, held: [], heldBytes: 0 };
  return open(at, noMisfortune);
}

/** What an event makes of a watch. An event that can only be late news of a stream that was left changes nothing. */
export function stepWatch<E extends Revisioned, F extends Failure>(
  state: ResumeState<E>,
  event: ResumeEvent<E, F>,
  options: ResumeOptions,
): ResumeStep<E, F> {
  if (state.name === 'ended') return { state, outputs: [] };
  if (event.kind === 'cancelled') return end(event.failure);
  if (state.name === 'pausing') {
    return event.kind === 'paused' ? open(state.at, state.misfortune) : { state, outputs: [] };
  }
  switch (event.kind) {
    case 'paused':
      return { state, outputs: [] };
    case 'failed':
      return failed(state.at, state.misfortune, event.failure);
    case 'finished':
    case 'silent':
      return goOnLater(state.at, state.misfortune, false);
    case 'response':
      return state.name === 'opening' ? opened(state, event, options) : followed(state, event, options);
  }
}

type Response<E> = Extract<ResumeEvent<E, Failure>, { kind: 'response' }>;

/** The first response fixes where the watch begins. A stream that begins later than it was asked to would leave a gap. */
function opened<E extends Revisioned, F extends Failure>(
  { at, misfortune }: Extract<ResumeState<E>, { name: 'opening' }>,
  response: Response<E>,
  options: ResumeOptions,
): ResumeStep<E, F> {
  if (at.next > 0 && response.revision >= at.next) return outOfOrder(at, misfortune);
  const next = at.next === 0 ? response.revision + 1 : at.next;
  const outputs: ResumeOutput<E, F>[] = [];
  if (!at.hasBegun) outputs.push({ kind: 'started', fromRevision: next });
  if (!at.hasBegun && options.wantsProgress)
    outputs.push(deliver({ revision: next - 1, events: [], isFragment: false }));
  return { state: { name: 'following', at: { ...at, next, hasBegun: true }, misfortune }, outputs };
}

function followed<E extends Revisioned, F extends Failure>(
  { at, misfortune }: Extract<ResumeState<E>, { name: 'following' }>,
  response: Response<E>,
  options: ResumeOptions,
): ResumeStep<E, F> {
  if (!isInOrder(response.events)) return outOfOrder(at, misfortune);
  const { fresh, toSkip } = withoutDelivered(at, response.events);
  // Events come in order: one of a revision says that all before it have come.
  const lastRevision = fresh.at(-1)?.revision ?? 0;
  const next = Math.max(at.next, response.revision + 1, response.isFragment ? lastRevision : lastRevision + 1);
  const isSame = next === at.next;
  const whole = fresh.filter(({ revision }) => revision < next);
  const part = fresh.slice(whole.length);
  const isPartHeld = part.length > 0 && !options.mayFragment;
  const held = isSame ? at.held : [];
  const after: Position<E> = {
    next,
    hasBegun: true,
    delivered: (isSame ? at.delivered : 0) + (isPartHeld ? 0 : part.length),
    toSkip: isSame ? toSkip : 0,
    held: isPartHeld ? [...held, part] : held,
    heldBytes: (isSame ? at.heldBytes : 0) + (isPartHeld ? response.bytes : 0),
  };
  if (after.heldBytes > options.heldBytesMax) return endBy('tooLargeRevision');
  const events = [...(isSame ? [] : at.held.flat()), ...whole, ...(isPartHeld ? [] : part)];
  const batch = { revision: next - 1, events, isFragment: part.length > 0 && !isPartHeld };
  // Not between the parts of a revision.
  const isBetween = !response.isFragment && after.delivered === 0;
  const isProgress = options.wantsProgress && isBetween && response.revision === next - 1;
  return {
    state: { name: 'following', at: after, misfortune: noMisfortune },
    outputs: events.length > 0 || isProgress ? [deliver(batch)] : [],
  };
}

function isInOrder(events: readonly Revisioned[]): boolean {
  return events.every(({ revision }, index) => revision >= (events[index - 1]?.revision ?? 0));
}

/** What of a response was not delivered before, and how much of `next` is still to come again. */
function withoutDelivered<E extends Revisioned>(
  { next, toSkip }: Position<E>,
  events: readonly E[],
): { readonly fresh: readonly E[]; readonly toSkip: number } {
  const from = events.findIndex(({ revision }) => revision >= next);
  if (from === -1) return { fresh: [], toSkip };
  let skipped = 0;
  while (skipped < toSkip && events[from + skipped]?.revision === next) skipped += 1;
  return { fresh: events.slice(from + skipped), toSkip: toSkip - skipped };
}

function failed<E, F extends Failure>(at: Position<E>, misfortune: Misfortune, failure: F): ResumeStep<E, F> {
  if (finalCodes.has(failure.code)) return end(failure);
  const isOdd = !awayCodes.has(failure.code);
  if (isOdd && misfortune.oddFailures + 1 >= watchOddFailuresMax) return end(failure);
  return goOnLater(at, misfortune, isOdd);
}

function outOfOrder<E, F extends Failure>(at: Position<E>, misfortune: Misfortune): ResumeStep<E, F> {
  if (misfortune.oddFailures + 1 >= watchOddFailuresMax) return endBy('outOfOrder');
  return goOnLater(at, misfortune, true);
}

function goOnLater<E, F extends Failure>(at: Position<E>, before: Misfortune, isOdd: boolean): ResumeStep<E, F> {
  const failures = before.failures + 1;
  const misfortune = { failures, oddFailures: before.oddFailures + (isOdd ? 1 : 0) };
  return { state: { name: 'pausing', at, misfortune }, outputs: [{ kind: 'leave' }, { kind: 'pause', failures }] };
}

function open<E, F extends Failure>(before: Position<E>, misfortune: Misfortune): ResumeStep<E, F> {
  const next = before.hasBegun && isMutated('watchResumedLate') ? before.next + 1 : before.next;
  const at: Position<E> = { ...before, next, toSkip: before.delivered, held: [], heldBytes: 0 };
  return { state: { name: 'opening', at, misfortune }, outputs: [{ kind: 'open', fromRevision: at.next }] };
}

function deliver<E, F extends Failure>(batch: Delivery<E>): ResumeOutput<E, F> {
  return { kind: 'deliver', batch };
}

function end<E, F extends Failure>(failure: F): ResumeStep<E, F> {
  return { state: { name: 'ended' }, outputs: [{ kind: 'end', failure }] };
}

function endBy<E, F extends Failure>(trouble: Trouble): ResumeStep<E, F> {
  return { state: { name: 'ended' }, outputs: [{ kind: 'endBy', trouble }] };
}
