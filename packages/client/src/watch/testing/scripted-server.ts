/** Servers that hold one history and serve watches of it as a script says: in any pieces, with any end. */
import { KvorumError } from '@kvorum/protocol';
import { decodeWatchRequest, encodeWatchResponse, WatchEventKind } from '@kvorum/protocol/kvorum/v1/watch.js';
import { ClientError } from '../../base/errors.js';
import type { WatchServer } from '../watch.js';

/** How one stream goes. */
export interface StreamScript {
  /** Messages after the opening one, before its end; fewer if there is nothing more to tell. */
  readonly messages: number;
  /** Most events of a message. */
  readonly eventsMax: number;
  /** Revisions are sent in parts where they have more than `eventsMax`. */
  readonly fragments: boolean;
  /** So many revisions are sent again that were not asked for. */
  readonly replays: number;
  /** So many revisions are not known to this server. */
  readonly lag: number;
  /** How it ends: an error, without one, by saying nothing more. */
  readonly end: 'UNAVAILABLE' | 'STOPPED' | 'INTERNAL' | 'finished' | 'silent';
  /** It fails before the opening message. */
  readonly isRefused: boolean;
}

const calm: StreamScript = {
  messages: Number.POSITIVE_INFINITY,
  eventsMax: Number.POSITIVE_INFINITY,
  fragments: false,
  replays: 0,
  lag: 0,
  end: 'silent',
  isRefused: false,
};

interface Told {
  readonly revision: number;
  readonly events: readonly { readonly revision: number; readonly name: string }[];
  readonly isFragment: boolean;
}

export class ScriptedServers {
  /** Names of the changes of each revision; the first is revision 1. */
  readonly history: (readonly string[])[] = [];
  compactRevision = 0;
  /** What each stream was asked for. */
  readonly asked: number[] = [];
  /** Scripts of streams to come, in turn; after them all is calm. */
  readonly scripts: StreamScript[] = [];
  /** Called before each message. */
  onMessage: () => void = () => undefined;
  openStreams = 0;
  messagesRead = 0;
  succeeded = 0;
  failed = 0;
  silent = 0;
  #changed: (() => void)[] = [];

  /** Adds revisions. */
  write(...revisions: readonly (readonly string[])[]): void {
    this.history.push(...revisions);
    const listeners = this.#changed;
    this.#changed = [];
    for (const listener of listeners) listener();
  }

  /** All changes from a revision on, as `revision:name`. */
  changesFrom(first: number): string[] {
    return this.history.flatMap((names, index) =>
      index + 1 < first ? [] : names.map((name) => changeName(index + 1, name)),
    );
  }

  readonly pick = (): WatchServer => ({
    channel: {
      stream: (_path, request, { signal }) => this.#stream(decodeWatchRequest(request).fromRevision, signal),
    },
    succeeded: () => {
      this.succeeded += 1;
    },
    failed: (cause) => {
      this.failed += 1;
      if (!(cause instanceof KvorumError)) return new ClientError('INTERNAL', String(cause));
      return new ClientError(cause.code, cause.message, { compactRevision: cause.details.compactRevision });
    },
    fellSilent: () => {
      this.silent += 1;
    },
  });

  async *#stream(fromRevision: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    this.asked.push(fromRevision);
    const script = this.scripts.shift() ?? calm;
    this.openStreams += 1;
    try {
      const known = (): number => Math.max(0, this.history.length - script.lag);
      if (script.isRefused) throw failure(script.end);
      const begin = fromRevision === 0 ? this.history.length + 1 : fromRevision;
      this.#checkCompacted(begin);
      yield this.#message({ revision: begin - 1, events: [], isFragment: false });
      let next = Math.min(begin, Math.max(1, this.compactRevision, begin - script.replays));
      for (let count = 0; count < script.messages; ) {
        // What is sent again is no loss when it is gone.
        next = Math.max(next, Math.min(begin, this.compactRevision));
        this.#checkCompacted(next);
        if (next > known()) {
          if (signal?.aborted === true) return;
          if (script.messages !== Number.POSITIVE_INFINITY) break;
          await this.#change(signal);
          continue;
        }
        for (const told of this.#tell(next, known(), script)) {
          count += 1;
          if (count > script.messages) break;
          yield this.#message(told);
          next = told.revision + 1;
        }
      }
      if (script.end === 'silent') await aborted(signal);
      else if (script.end !== 'finished') throw failure(script.end);
    } finally {
      this.openStreams -= 1;
    }
  }

  #message(told: Told): Uint8Array {
    this.onMessage();
    this.messagesRead += 1;
    return encodeWatchResponse({
      revision: told.revision,
      isFragment: told.isFragment,
      events: told.events.map(({ revision, name }) => ({
        kind: name.startsWith('-') ? WatchEventKind.DELETE : WatchEventKind.PUT,
        kv: { key: Buffer.from(name), value: Buffer.from(name), createRevision: 1, modRevision: revision, version: 1 },
      })),
    });
  }

  /** Revisions `from` on, as many as fit a message, or the parts of one. */
  *#tell(from: number, known: number, { eventsMax, fragments }: StreamScript): Generator<Told> {
    const named = (revision: number): Told['events'] =>
      (this.history[revision - 1] ?? []).map((name) => ({ revision, name }));
    const first = named(from);
    if (fragments && first.length > eventsMax) {
      for (let at = 0; at < first.length; at += eventsMax) {
        const isFragment = at + eventsMax < first.length;
        yield { revision: isFragment ? from - 1 : from, events: first.slice(at, at + eventsMax), isFragment };
      }
      return;
    }
    let last = from;
    let events = first;
    while (last < known && events.length < eventsMax) {
      last += 1;
      const more = named(last);
      const rest = eventsMax - events.length;
      // The beginning of a revision may come with whole ones before it.
      if (fragments && more.length > rest) {
        yield { revision: last - 1, events: [...events, ...more.slice(0, rest)], isFragment: true };
        yield { revision: last, events: more.slice(rest), isFragment: false };
        return;
      }
      events = [...events, ...more];
    }
    yield { revision: last, events, isFragment: false };
  }

  #checkCompacted(next: number): void {
    const { compactRevision } = this;
    if (next < compactRevision) throw new KvorumError('COMPACTED', 'compacted', { compactRevision });
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.#changed.push(resolve)), aborted(signal)]);
  }
}

/** As {@link ScriptedServers.changesFrom} names a change. */
export function changeName(revision: number, name: string): string {
  return `${revision}:${name}`;
}

function failure(end: StreamScript['end']): KvorumError {
  return new KvorumError(end === 'finished' || end === 'silent' ? 'UNAVAILABLE' : end, 'as the script says');
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve());
  });
}
