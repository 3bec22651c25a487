/** `kvorum watch`: follows changes as they happen. */
import { once } from 'node:events';
import { type Client, ClientError, type KeyValue, type WatchEvent, type WatchOptions } from '@kvorum/client';
import { Command } from 'commander';
import { byteField, showOnOneLine } from '../bytes-text.js';
import { withClient } from '../client/connection.js';
import { CommandError } from '../command-error.js';
import { listenForStop } from '../node/stop-requests.js';
import { printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, addKeyFlags, type KeyFlags, limitOption, readKey, revisionOption } from './client-flags.js';

interface WatchFlags extends KeyFlags {
  readonly prefix?: string;
  readonly range?: readonly string[];
  readonly fromRevision?: number;
  readonly prev?: boolean;
  readonly limit?: number;
}

const examples = `
Examples:
  kvorum watch config/app
  kvorum watch --prefix jobs/ --json | jq .key
  kvorum watch --range a m --prev
  kvorum watch --from-revision 1 --limit 10`;

/** `kvorum watch [key]`. */
export function watchCommand(terminal: Terminal): Command {
  const command = new Command('watch')
    .summary('follow changes of keys')
    .description(
      'Prints one line for each change until Ctrl-C: revision, put or delete, key, value. Goes on at another node when one is lost, without gap or repeat.',
    )
    .argument('[key]', 'the key; without it, a prefix and a range: all keys')
    .option('--prefix <text>', 'keys that begin with this')
    .option('--range <start...>', 'keys from the first on, before the second if there is one')
    .addOption(
      revisionOption('--from-revision <n>', 'begin with the changes of this revision (default: with the next)'),
    )
    .option('--prev', 'tell what each key was before')
    .addOption(limitOption('--limit <n>', 'end after this many changes'));
  return addClientFlags(addKeyFlags(command), 'to reach a node (default: 1s for each endpoint)')
    .addHelpText('after', examples)
    .action((key: string | undefined, flags: WatchFlags) => {
      const options = watchOptions(key, flags);
      return withClient(terminal, flags, (client) => follow(terminal, client, options, flags));
    });
}

async function follow(terminal: Terminal, client: Client, options: WatchOptions, flags: WatchFlags): Promise<void> {
  const { stdout, stderr, control } = terminal;
  const { limit = Number.POSITIVE_INFINITY, json: isJson = false } = flags;
  const ended = new AbortController();
  const stop = listenForStop(control, false);
  void stop.first.then(() => ended.abort());
  let count = 0;
  try {
    const watch = client.watch({ ...options, signal: ended.signal });
    if (!isJson) printLine(stderr, `watching from revision ${await watch.started()} on; Ctrl-C ends`);
    for await (const event of watch.events()) {
      if (!stdout.write(`${isJson ? JSON.stringify(jsonEvent(event)) : showEvent(event)}\n`)) {
        await once(stdout, 'drain', { signal: ended.signal });
      }
      count += 1;
      if (count === limit) return;
    }
  } catch (error) {
    if (!ended.signal.aborted) throw withWayOn(error);
  } finally {
    stop.close();
  }
}

function watchOptions(
  key: string | undefined,
  { prefix, range, fromRevision, prev, base64 }: WatchFlags,
): WatchOptions {
  const given = [key, prefix, range].filter((each) => each !== undefined);
  if (given.length > 1) throw usage('a key, --prefix and --range exclude each other');
  const [start, end, ...more] = range ?? [];
  if (more.length > 0) throw usage('--range takes one or two keys');
  return {
    ...(key === undefined ? {} : { key: readKey(key, base64) }),
    ...(prefix === undefined || prefix === '' ? {} : { prefix }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(fromRevision === undefined ? {} : { fromRevision }),
    prevKv: prev === true,
  };
}

/** What can be done when the next changes are forgotten. */
function withWayOn(error: unknown): unknown {
  if (!(error instanceof ClientError) || error.code !== 'COMPACTED') return error;
  const { code, compactRevision } = error;
  return new CommandError('failed', error.message, {
    code,
    fields: { compactRevision },
    hint: "Changes that old are forgotten: list the keys anew, and watch from the list's revision on.",
    cause: error,
  });
}

function usage(message: string): CommandError {
  return new CommandError('usage', message, { code: 'INVALID_USAGE' });
}

function showEvent({ type, key, revision, kv, prevKv }: WatchEvent): string {
  const value = kv === undefined ? [] : [showOnOneLine(kv.value)];
  const before = prevKv === undefined ? [] : [`was ${showOnOneLine(prevKv.value)}`];
  return [String(revision), type, showOnOneLine(key), ...value, ...before].join('\t');
}

/** As the events over HTTP have them, with the kind beside. */
function jsonEvent({ type, key, revision, kv, prevKv }: WatchEvent): unknown {
  return {
    type,
    ...byteField('key', key),
    ...(kv === undefined ? { modRevision: revision } : stateFields(kv)),
    ...(prevKv === undefined ? {} : { prev: stateFields(prevKv) }),
  };
}

function stateFields({ value, modRevision, createRevision, version }: KeyValue): Record<string, unknown> {
  return { ...byteField('value', value), modRevision, createRevision, version };
}
