/** Error answers of a node, and requests without an answer, as errors that end a command. */
import { z } from 'zod';
import { CommandError } from '../command-error.js';
import type { ExitName } from '../exit-codes.js';
import { type HttpAnswer, readBody } from './request.js';

const errorBody = z.object({
  error: z.looseObject({ code: z.string(), message: z.string(), mayHaveHappened: z.boolean().optional() }),
});

/** The largest error body read. */
const errorBytesMax = 64 * 1024;

const exits: Readonly<Record<string, ExitName>> = {
  INVALID_ARGUMENT: 'usage',
  KEY_TOO_LARGE: 'usage',
  REQUEST_TOO_LARGE: 'usage',
  FUTURE_REVISION: 'usage',
  TOO_MANY_REQUESTS: 'unavailable',
  UNAVAILABLE: 'unavailable',
  TIMEOUT: 'unavailable',
  STOPPED: 'unavailable',
};

const unknownHint = 'The write may have happened: read the key before trying again.';

/** Reads the error that a node answered with. `isWrite` tells whether an unclear outcome matters. */
export async function readAnswerError(answer: HttpAnswer, isWrite: boolean): Promise<CommandError> {
  const body = await readBody(answer, errorBytesMax);
  const parsed = errorBody.safeParse(parseJson(body.toString('utf8'))).data;
  const { code, message, ...fields } = parsed?.error ?? foreignError(answer.status);
  // What failed at the far end, and doesn't say that nothing happened, may be a proxy's word about a request it had passed on.
  const isUnclear = fields.mayHaveHappened ?? answer.status >= 500;
  if (isWrite && isUnclear) return new CommandError('outcomeUnknown', message, { code, fields, hint: unknownHint });
  return new CommandError(exits[code] ?? 'failed', message, { code, fields });
}

/** The words of a list's last line when it tells an error, undefined for any other line. */
export function readErrorLine(line: string): { readonly code: string; readonly message: string } | undefined {
  return line.startsWith('{"error":') ? errorBody.safeParse(parseJson(line)).data?.error : undefined;
}

function foreignError(status: number): z.infer<typeof errorBody>['error'] {
  return { code: 'failed', message: `the endpoint answered ${status}, not in kvorum's form: is it a kvorum node?` };
}

/** The error of a write that was sent and never answered. */
export function lostAnswer(url: string, reason: string, cause: unknown): CommandError {
  return new CommandError('outcomeUnknown', `no answer from ${url}: ${reason}`, {
    code: 'NO_ANSWER',
    cause,
    hint: unknownHint,
    fields: { mayHaveHappened: true },
  });
}

/** One endpoint's part in a failure; `error` is what it answered, if it did. */
export interface EndpointFailure {
  readonly url: string;
  readonly reason: string;
  readonly error?: CommandError;
}

/** The error when every endpoint failed without having done anything. */
export function noEndpoint(failures: readonly EndpointFailure[]): CommandError {
  const told = failures.map(({ url, reason }) => `${url} (${reason})`);
  const answered = failures.find(({ error }) => error !== undefined)?.error;
  if (answered !== undefined) {
    if (failures.length === 1) return answered;
    const message = ['no endpoint could do it:', ...told].join('\n');
    return new CommandError('unavailable', message, { code: answered.code, fields: { mayHaveHappened: false } });
  }
  const [only] = told;
  const message = told.length === 1 ? `no answer from ${only}` : ['no endpoint answered:', ...told].join('\n');
  return new CommandError('unavailable', message, {
    code: 'NO_ENDPOINT',
    fields: { mayHaveHappened: false },
    hint: 'Is a node running there? Give its address with --endpoint, or start one with: kvorum dev',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
