/** A backup over HTTP, which is the one face that has it: endpoints are tried in order until one gives it. */
import type { IncomingMessage } from 'node:http';
import { CommandError } from '../command-error.js';
import { type EndpointFailure, noEndpoint, readAnswerError } from './answer-error.js';
import type { Endpoint } from './endpoint.js';
import { getFrom, type HttpAnswer, NoAnswerError, whileAlive } from './request.js';

export interface BackupRequest {
  readonly endpoints: readonly Endpoint[];
  /** Sent to the node as the request's own time limit; absent: the node's default. */
  readonly timeoutMs?: number | undefined;
  /** A backup on which nothing came for this long is given up; absent: a minute. */
  readonly silenceMs?: number | undefined;
  readonly isSerializable?: boolean | undefined;
}

export interface BackupAnswer {
  readonly bytesEstimate: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const silenceMsDefault = 60_000;
/** How long the command waits beyond the node's own time limit. */
const graceMs = 1000;
/** The wait when neither is told: the node's largest request timeout, and some. */
const answerTimeoutMs = 65_000;
/** Statuses after which another endpoint may do better. */
const retryStatuses = [429, 503];

/** A backup as a stream; `chunks` fails when it breaks off. */
export async function fetchBackup(request: BackupRequest): Promise<BackupAnswer> {
  const { timeoutMs, silenceMs = silenceMsDefault, isSerializable } = request;
  const query = [
    ...(isSerializable === true ? ['serializable'] : []),
    ...(timeoutMs === undefined ? [] : [`timeout=${timeoutMs}`]),
  ];
  const target = query.length === 0 ? '/backup' : `/backup?${query.join('&')}`;
  const { headers, body } = await ask(request.endpoints, target, timeoutMs);
  const estimate = Number(headers['x-kvorum-bytes-estimate'] ?? 0);
  return { bytesEstimate: estimate > 0 ? estimate : undefined, chunks: wholeBody(body, silenceMs) };
}

async function ask(endpoints: readonly Endpoint[], target: string, timeoutMs: number | undefined): Promise<HttpAnswer> {
  const waitMs = timeoutMs === undefined ? answerTimeoutMs : timeoutMs + graceMs;
  const failures: EndpointFailure[] = [];
  for (const endpoint of endpoints) {
    const { url } = endpoint;
    try {
      const answer = await getFrom(endpoint, target, waitMs);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const error = await readAnswerError(answer);
      if (!retryStatuses.includes(answer.status)) throw error;
      failures.push({ url, reason: error.message, error });
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      failures.push({ url, reason: error.message });
    }
  }
  throw noEndpoint(failures);
}

async function* wholeBody(body: IncomingMessage, silenceMs: number): AsyncGenerator<Uint8Array> {
  const broken = new CommandError('failed', 'the backup broke off before its end; nothing was written', {
    code: 'BACKUP_INCOMPLETE',
    hint: 'The log of the node tells why. Try again.',
  });
  try {
    for await (const chunk of whileAlive(body, body, silenceMs))
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  } catch {
    throw broken;
  }
  if (!body.complete) throw broken;
}
