/** `kvorum bench`: puts a cluster under load and tells how it does. */
import type { Client } from '@kvorum/client';
import { integer } from '@kvorum/server/options/option-kinds.js';
import { Argument, Command, Option } from 'commander';
import { failuresInRowMax } from '../bench/load.js';
import { reportLines } from '../bench/report.js';
import { type BenchKind, type BenchPlan, type BenchRun, runBench } from '../bench/run-bench.js';
import { openClient } from '../client/connection.js';
import { CommandError } from '../command-error.js';
import { exitCodes } from '../exit-codes.js';
import { listenForStop } from '../node/stop-requests.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags, numberReader } from './client-flags.js';

export interface BenchDeps {
  readonly terminal: Terminal;
  readonly exitWith: (code: number) => void;
}

interface BenchFlags extends ClientFlags {
  readonly clients: number;
  readonly inFlight: number;
  readonly keys: number;
  readonly keyPrefix: string;
  readonly valueBytes: number;
  readonly readPercent: number;
  readonly rate?: number;
  readonly duration: number;
  readonly requests?: number;
  readonly serializable?: boolean;
  readonly session: boolean;
}

const valueBytesMax = 1_048_576;
const plotWidth = 80;

const examples = `
Examples:
  kvorum bench put
  kvorum bench get --duration 30s --clients 2
  kvorum bench mixed --read-percent 90 --rate 20000
  kvorum bench put --requests 100000 --in-flight 1000 --json`;

/** `kvorum bench <load>`. */
export function benchCommand(deps: BenchDeps): Command {
  const command = new Command('bench')
    .summary('put the cluster under load and measure it')
    .description(
      'Puts or gets as fast as answers come, or at a rate, and tells requests per second and how long they took. Writes keys that begin with bench/ and leaves them there.',
    )
    .addArgument(new Argument('<load>', 'what to do').choices(['put', 'get', 'mixed']));
  for (const { flags, text, min, max, unit, otherwise } of numbers) {
    const option = new Option(flags, text).argParser(numberReader(integer(min, max, unit)));
    command.addOption(otherwise === undefined ? option : option.default(otherwise.value, otherwise.words));
  }
  command
    .option('--key-prefix <text>', 'what all keys begin with', 'bench/')
    .option('--serializable', "gets answer from some node's own state")
    .option('--no-session', 'send writes without a session: one whose answer is lost fails');
  return addClientFlags(command)
    .addHelpText('after', examples)
    .action((kind: BenchKind, flags: BenchFlags) => bench(deps, kind, flags));
}

interface NumberRow {
  readonly flags: string;
  readonly text: string;
  readonly min: number;
  readonly max: number;
  readonly unit: 'count' | 'ms' | 'bytes';
  readonly otherwise?: { readonly value: number; readonly words: string };
}

const numbers: readonly NumberRow[] = [
  row('--duration <ms>', 'how long, as 30s or 5m', [100, 3_600_000], 'ms', { value: 10_000, words: '10s' }),
  row('--requests <n>', 'end after this many requests instead', [1, 1_000_000_000], 'count'),
  row('--clients <n>', 'clients, each with connections of its own', [1, 100], 'count', { value: 1, words: '1' }),
  row('--in-flight <n>', 'requests under way, of each client', [1, 10_000], 'count', { value: 256, words: '256' }),
  row('--rate <n>', 'requests that are due each second, whatever the answers do', [1, 1_000_000], 'count'),
  row('--keys <n>', 'keys to put and get', [1, 1_000_000], 'count', { value: 10_000, words: '10000' }),
  row('--value-bytes <n>', 'size of a value', [0, valueBytesMax], 'bytes', { value: 256, words: '256' }),
  row('--read-percent <n>', 'gets of 100 requests when mixed', [0, 100], 'count', { value: 90, words: '90' }),
];

function row(
  flags: string,
  text: string,
  [min, max]: readonly [number, number],
  unit: NumberRow['unit'],
  otherwise?: NumberRow['otherwise'],
): NumberRow {
  return { flags, text, min, max, unit, ...(otherwise === undefined ? {} : { otherwise }) };
}

async function bench({ terminal, exitWith }: BenchDeps, kind: BenchKind, flags: BenchFlags): Promise<void> {
  const isJson = flags.json === true;
  const stop = listenForStop(terminal.control, false);
  const ended = new AbortController();
  void stop.first.then(() => ended.abort());
  const clients: Client[] = [];
  try {
    for (let count = 0; count < flags.clients; count += 1) {
      clients.push(await openClient(terminal, flags, { session: flags.session }));
    }
    const running = runBench(planOf(kind, flags), clients, terminal, isJson, ended.signal);
    const run = await Promise.race([running, stop.second.then(() => undefined)]);
    if (run === undefined) exitWith(exitCodes.interrupted.code);
    else tell(terminal, run, isJson);
  } finally {
    stop.close();
    await Promise.all(clients.map((client) => client.close()));
  }
}

function planOf(kind: BenchKind, flags: BenchFlags): BenchPlan {
  const { inFlight, keyPrefix, valueBytes, readPercent, rate, requests } = flags;
  return {
    kind,
    readPercent,
    inFlight,
    keyPrefix,
    valueBytes,
    rate,
    requests,
    keyCount: flags.keys,
    durationMs: requests === undefined ? flags.duration : undefined,
    isSerializable: flags.serializable === true,
  };
}

function tell({ stdout, env }: Terminal, { report, isGivenUp }: BenchRun, isJson: boolean): void {
  if (isJson) printJson(stdout, report);
  else for (const line of reportLines(report, plotWidth, isUnicode(env))) printLine(stdout, line);
  const failed = Object.values(report.failures).reduce((sum, count) => sum + count, 0);
  if (failed === 0) return;
  const givenUp = `given up after ${failuresInRowMax} failures in a row`;
  throw new CommandError('failed', isGivenUp ? givenUp : `${failed} of the requests failed`, {
    code: 'BENCH_FAILED',
    fields: { failures: report.failures },
  });
}

/** Whether bars can be drawn, as the locale's name tells. */
function isUnicode(env: Terminal['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((name) => name !== undefined && name !== '');
  return /utf-?8/i.test(locale ?? '');
}
