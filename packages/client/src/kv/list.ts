/**
 * Listing keys: one stream of rows, all as of one revision. When a server is lost on the way, the list goes on with another one right after the last row,
 * at the same revision; so it has neither gaps nor repeats, however often that happens.
 */
import { type Init, keyAfter } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { GetResponse, ListRequest } from '@kvorum/protocol/kvorum/v1/read.js';
import type { AbortListeners } from '../base/abort-listeners.js';
import { backoffMs } from '../base/backoff.js';
import { type Bytes, copyOf, toBytes } from '../base/bytes.js';
import type { ClientDeps, Scheduled } from '../base/deps.js';
import { ClientError, invalidArgument } from '../base/errors.js';
import { errorOf } from '../calls/call-errors.js';
import type { ReadFields } from '../calls/operation.js';
import { decideRetry } from '../calls/retry.js';
import { type Endpoint, Lane } from '../servers/endpoint.js';
import { failureOf, isTooStale } from '../servers/failure.js';
import type { Servers } from '../servers/servers.js';
import { laneOf, listNames, type ReadOptions, readFields, timeoutOf } from './call-options.js';
import { type KeyValue, keyValueOf } from '../base/key-value.js';

export interface ListOptions extends ReadOptions {
  /** Keys that start with this, and lie between `start` and `end` where those are given. */
  readonly prefix?: Bytes | undefined;
  /** The first key, if it exists. */
  readonly start?: Bytes | undefined;
  /** The first key that is left out. */
  readonly end?: Bytes | undefined;
  /** At most this many rows. */
  readonly limit?: number | undefined;
  /** Leave the values out. */
  readonly keysOnly?: boolean | undefined;
  /** How long to wait for the next row, with all attempts to get it, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

export interface ListDeps {
  readonly deps: ClientDeps;
  readonly servers: Servers;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly keyspace: string;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  readonly aborts: AbortListeners;
}

/** What is listed, and how far it got. */
interface Listing {
  readonly read: ReadFields;
  readonly prefix: Uint8Array;
  start: Uint8Array;
  readonly end: Uint8Array;
  readonly limit: number;
  readonly keysOnly: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  rows: number;
  /** Of the rows, once there was one. */
  revision: number;
  failures: number;
  /** Servers whose state was too old for it. */
  staleAnswers: number;
  /** When the next row is waited for in vain. */
  untilMs: number;
}

const readCall = { isWrite: false, isInSession: false, isMaybeDone: false };
const none = new Uint8Array(0);

/** The first row rejects with INVALID_ARGUMENT when an argument is wrong. */
export async function* listKeys(list: ListDeps, options: ListOptions): AsyncGenerator<KeyValue, void, undefined> {
  const ended = new AbortController();
  const listing = listingOf(list, options, ended.signal);
  const signals = options.signal === undefined ? [list.closed] : [options.signal, list.closed];
  const ends = signals.map((signal) => list.aborts.listen(signal, () => ended.abort(signal.reason)));
  const { clock } = list.deps;
  try {
    while (listing.limit === 0 || listing.rows < listing.limit) {
      if (listing.signal.aborted) throw cancelled(list, listing);
      const endpoint = list.servers.pickAny(listing.staleAnswers > 1 ? Lane.leaderRead : laneOf(listing.read));
      try {
        for await (const row of rowsFrom(list, listing, endpoint)) {
          yield keyValueOf(copyOf(row.key), row);
          listing.untilMs = clock.nowMs() + listing.timeoutMs;
        }
        endpoint.succeeded();
        return;
      } catch (cause) {
        await pauseAfter(list, listing, endpoint, cause);
      }
    }
  } finally {
    for (const end of ends) end();
  }
}

function listingOf(list: ListDeps, options: ListOptions, signal: AbortSignal): Listing {
  const read = readFields(options, listNames);
  const { prefix = none, start = none, end = none, limit = 0, keysOnly = false } = options;
  if (!Number.isSafeInteger(limit) || limit < 0) throw invalidArgument('limit', `limit is ${String(limit)}`);
  const timeoutMs = timeoutOf(options, list.timeoutMs);
  return {
    read,
    prefix: toBytes('prefix', prefix),
    start: toBytes('start', start),
    end: toBytes('end', end),
    limit,
    keysOnly,
    timeoutMs,
    signal,
    rows: 0,
    revision: read.revision,
    failures: 0,
    staleAnswers: 0,
    untilMs: list.deps.clock.nowMs() + timeoutMs,
  };
}

/** One attempt: the rows that are still to come, from one server; given up when a row takes too long. */
async function* rowsFrom(list: ListDeps, listing: Listing, endpoint: Endpoint): AsyncGenerator<GetResponse> {
  const { deps, attemptTimeoutMs } = list;
  const stall = new AbortController();
  const waitMs = Math.min(attemptTimeoutMs, listing.timeoutMs);
  let timer: Scheduled | undefined;
  // One timer for all rows. While the reader has one nothing is waited for, but whether that is over is looked at in time.
  let giveUpMs = Math.min(deps.clock.nowMs() + attemptTimeoutMs, listing.untilMs);
  const look = (): void => {
    const leftMs = giveUpMs - deps.clock.nowMs();
    if (leftMs <= 0) stall.abort(new Error(`${endpoint.address} sent no row in time`));
    else timer = deps.clock.schedule(Math.min(leftMs, waitMs), look);
  };
  look();
  endpoint.reads += 1;
  try {
    const { path, request, response } = kvMethods.list;
    const signal = AbortSignal.any([stall.signal, listing.signal]);
    for await (const bytes of endpoint.channel.stream(path, request.encode(requestOf(list, listing)), { signal })) {
      const row = response.decode(bytes);
      giveUpMs = Number.POSITIVE_INFINITY;
      listing.rows += 1;
      listing.revision = row.revision;
      listing.start = keyAfter(row.key);
      listing.failures = 0;
      yield row;
      giveUpMs = deps.clock.nowMs() + waitMs;
    }
  } finally {
    timer?.cancel();
  }
}

/** What is left. At a revision that is known every server waits until it has it, whatever the first one was asked for. */
function requestOf(list: ListDeps, listing: Listing): Init<ListRequest> {
  const { read, prefix, start, end, limit, keysOnly, rows, revision } = listing;
  const keyspace = list.keyspace === 'default' ? '' : list.keyspace;
  const left = { keyspace, prefix, start, end, keysOnly, limit: limit === 0 ? 0 : limit - rows };
  return rows === 0 ? { ...left, ...read } : { ...left, revision };
}

/** Returns when the list may go on; throws when it can't. */
async function pauseAfter(list: ListDeps, listing: Listing, endpoint: Endpoint, cause: unknown): Promise<void> {
  const { clock, random } = list.deps;
  if (listing.signal.aborted) throw cancelled(list, listing);
  const failure = failureOf(cause);
  list.servers.failed(endpoint, failure);
  if (isTooStale(failure)) listing.staleAnswers += 1;
  if (decideRetry(readCall, failure) === 'fail') throw errorOf(readCall, failure, endpoint.address);
  listing.failures += 1;
  const waitMs = backoffMs(listing.failures, random);
  if (clock.nowMs() + waitMs >= listing.untilMs) {
    const message = `no row within ${listing.timeoutMs} ms; the last attempt: ${failure.error.message}`;
    throw new ClientError('TIMEOUT', message, { server: endpoint.address }, failure.error);
  }
  await new Promise<void>((resolve) => {
    clock.schedule(waitMs, resolve);
  });
}

function cancelled(list: ListDeps, { signal }: Listing): ClientError {
  const message = list.closed.aborted ? 'the client is closed' : 'the call was cancelled';
  const cause: unknown = signal.reason;
  return new ClientError('CANCELLED', message, {}, cause);
}
