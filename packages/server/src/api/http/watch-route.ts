/**
 * `GET /kv/{key}?watch` and `GET /kv/?prefix=…&watch`: changes as server-sent events, as an EventSource reads them. A reader that is slow costs one piece
 * of text and a cursor on the history (S11): the next batch is asked for when the socket has taken the last one (N8).
 */
import { errorTable, KvorumError, keyBytesMax } from '@kvorum/protocol';
import type { Clock, Timer } from '../../env/env.js';
import type { KvService, Watch, WatchOptions } from '../../service/kv-service.js';
import {
  EventTexts,
  eventStreamHeaders,
  failureText,
  heartbeat,
  progressText,
  readEventId,
  type Resumption,
  retryLine,
} from './event-stream.js';
import type { Exchange } from './exchange.js';
import { decodeKey, keyTooLarge } from './kv-routes.js';
import { watchHeartbeatMs, watchStopMs } from './limits.js';
import { PacedWriter } from './paced-writer.js';
import { parseQuery, type QueryName } from './query.js';

const keyNames: readonly QueryName[] = ['watch', 'from', 'prev', 'timeout'];
const prefixNames: readonly QueryName[] = ['prefix', ...keyNames];

/** What a request asks to watch. */
interface Asked {
  readonly options: WatchOptions;
  /** Undefined: from now on. */
  readonly resumption: Resumption | undefined;
  /** Where the client said from when on, for errors. */
  readonly field: string;
}

export interface WatchStreamsDeps {
  readonly kv: Pick<KvService, 'watch'>;
  readonly clock: Clock;
}

/** True when the query names `watch`, with whatever value. */
export function mentionsWatch(queryText: string | undefined): boolean {
  if (queryText?.includes('watch') !== true) return false;
  return queryText.split('&').some((part) => part === 'watch' || part.startsWith('watch='));
}

/** All watches of a face. */
export class WatchStreams {
  readonly #deps: WatchStreamsDeps;
  readonly #watchStreamsMax: number;
  readonly #open = new Set<WatchStream>();
  #isStopping = false;
  #heartbeats: Timer | undefined;
  #cut: Timer | undefined;

  constructor({ kv, clock }: WatchStreamsDeps, { watchStreamsMax }: { readonly watchStreamsMax: number }) {
    this.#deps = { kv, clock };
    this.#watchStreamsMax = watchStreamsMax;
  }

  /** Serves a request whose query mentions `watch`. An empty key stands for a prefix. */
  serve(exchange: Exchange, keyText: string, queryText: string | undefined): void {
    exchange.route = 'watch';
    if (exchange.request.method !== 'GET') {
      exchange.fail(new KvorumError('METHOD_NOT_ALLOWED', 'a watch allows GET'), ['Allow', 'GET']);
      return;
    }
    const asked = readRequest(exchange, keyText, queryText);
    if (asked === 'ended') {
      exchange.sendNothing();
      return;
    }
    const stream = new WatchStream(exchange, asked);
    const room = this.#refusal();
    if (room !== undefined) {
      stream.fail(room);
      return;
    }
    this.#add(stream, exchange);
    void stream.run(this.#deps.kv);
  }

  /** Ends all watches with STOPPED; a reader that does not take the end is cut off after `watchStopMs`. */
  stop(): void {
    this.#isStopping = true;
    if (this.#open.size === 0) return;
    for (const stream of this.#open) stream.stop(stopped());
    this.#cut = this.#deps.clock.setTimer(watchStopMs, () => {
      for (const stream of this.#open) stream.cut();
    });
  }

  #refusal(): KvorumError | undefined {
    if (this.#isStopping) return stopped();
    if (this.#open.size < this.#watchStreamsMax) return undefined;
    const allowed = `${this.#watchStreamsMax} at a time`;
    return new KvorumError('TOO_MANY_REQUESTS', `as many watches by HTTP are open as may be for this node: ${allowed}`);
  }

  #add(stream: WatchStream, { response }: Exchange): void {
    this.#open.add(stream);
    this.#heartbeats ??= this.#deps.clock.setInterval(watchHeartbeatMs, () => {
      for (const each of this.#open) each.beat();
    });
    response.on('close', () => {
      this.#open.delete(stream);
      stream.leave();
      if (this.#open.size > 0) return;
      this.#heartbeats?.cancel();
      this.#heartbeats = undefined;
      this.#cut?.cancel();
    });
  }
}

/** One watch of one client, from its request to the end of its response. */
class WatchStream {
  readonly #exchange: Exchange;
  readonly #asked: Asked;
  readonly #writer: PacedWriter;
  #watch: Watch | undefined;
  #failure: KvorumError | undefined;
  /** Something was written since the last beat. */
  #wasTold = true;

  constructor(exchange: Exchange, asked: Asked) {
    this.#exchange = exchange;
    this.#asked = asked;
    this.#writer = new PacedWriter(exchange);
  }

  /** Never rejects. */
  async run(kv: Pick<KvService, 'watch'>): Promise<void> {
    const { resumption, options } = this.#asked;
    try {
      const watch = await kv.watch(options);
      this.#watch = watch;
      if (this.#exchange.isGone) return;
      this.#begin(progressText(watch.fromRevision - 1, resumption?.id));
      await this.#deliver(watch, new EventTexts(resumption ?? { fromRevision: watch.fromRevision, skipped: 0 }));
    } catch (cause) {
      this.fail(cause);
    } finally {
      this.#watch?.close();
    }
  }

  /**
   * Ends the stream with a failure. Before it began the answer has the status of the failure, except for an EventSource: that shows nothing of such an
   * answer and never tries again, so it is told in a stream what may succeed later, and that there is nothing to go on from.
   */
  fail(cause: unknown): void {
    const { response, request, isGone } = this.#exchange;
    if (isGone) return;
    const error = this.#named(this.#exchange.publicError(cause));
    const isToldInside = errorTable[error.code].retryable || error.code === 'COMPACTED';
    if (!response.headersSent && !(isToldInside && isEventSource(request.headers.accept))) {
      this.#exchange.fail(error);
      return;
    }
    if (!response.headersSent) this.#begin('');
    response.end(this.#writer.takeRest() + failureText(error));
  }

  /** Ends the stream as soon as what was sent is taken. */
  stop(failure: KvorumError): void {
    this.#failure = failure;
    if (this.#watch === undefined) this.fail(failure);
    else this.#watch.close();
  }

  cut(): void {
    this.#exchange.response.destroy();
  }

  /** The client is gone. */
  leave(): void {
    this.#watch?.close();
  }

  /** Tells that the connection lives, when nothing else did. A reader that is behind needs no telling. */
  beat(): void {
    const { response, isGone } = this.#exchange;
    const isIdle = !this.#wasTold && response.headersSent && !response.writableNeedDrain;
    if (isIdle && !isGone) response.write(heartbeat);
    this.#wasTold = false;
  }

  /** @param text stays in one block with what tells when to connect again */
  #begin(text: string): void {
    this.#exchange.begin(200, [...eventStreamHeaders]);
    this.#writer.add(retryLine + text);
  }

  async #deliver(watch: Watch, texts: EventTexts): Promise<void> {
    await this.#writer.flush();
    for await (const batch of watch.batches) {
      this.#writer.resume();
      for (const text of texts.of(batch)) {
        if (!this.#writer.add(text)) continue;
        await this.#writer.flush();
        if (this.#isOver) break;
      }
      if (this.#isOver) break;
      this.#wasTold = true;
      await this.#writer.flush();
    }
    // The hub closes no watch by itself: it was this stream, or the client left.
    this.fail(this.#failure ?? stopped());
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || this.#exchange.isGone;
  }

  /** Names the field that the client knows. */
  #named(error: KvorumError): KvorumError {
    const { details } = error;
    if (details.field !== 'fromRevision') return error;
    return new KvorumError(error.code, error.message, { ...details, field: this.#asked.field }, error.cause);
  }
}

function readRequest(exchange: Exchange, keyText: string, queryText: string | undefined): Asked | 'ended' {
  const query = parseQuery(queryText, keyText === '' ? prefixNames : keyNames);
  if (query.watch !== true) {
    const allowed = 'watch or watch=true';
    throw new KvorumError('INVALID_ARGUMENT', `watch is "false"; allowed is ${allowed}`, { field: 'watch', allowed });
  }
  const { prefix = new Uint8Array(0) } = query;
  if (prefix.length > keyBytesMax) throw keyTooLarge(prefix.length, 'prefix');
  const keys = keyText === '' ? { prefix } : { key: decodeKey(keyText) };
  const { headers, socket } = exchange.request;
  const id = headers['last-event-id'];
  // A proxy or library may send the header without a value, as there is no id yet.
  const resumed = typeof id === 'string' && id !== '' ? readEventId(id) : undefined;
  if (resumed === 'ended') return 'ended';
  const resumption = resumed ?? (query.from === undefined ? undefined : resumptionFrom(query.from));
  return {
    options: {
      ...keys,
      fromRevision: resumption?.fromRevision,
      prevKv: query.prev,
      timeoutMs: query.timeout,
      progress: true,
      fragment: true,
      connection: socket,
    },
    resumption,
    field: resumed === undefined ? 'from' : 'Last-Event-ID',
  };
}

function resumptionFrom(fromRevision: number): Resumption {
  return { id: String(fromRevision - 1), fromRevision, skipped: 0 };
}

function isEventSource(accept: string | undefined): boolean {
  return accept?.includes('text/event-stream') === true;
}

function stopped(): KvorumError {
  return new KvorumError('STOPPED', 'the node is stopping; go on at another one');
}
