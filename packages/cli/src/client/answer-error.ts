/** Error answers of a node over HTTP, and requests without an answer, as errors that end a command. */
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
  TOO_MANY_REQUESTS: 'unavailable',
  UNAVAILABLE: 'unavailable',
  TIMEOUT: 'unavailable',
  STOPPED: 'unavailable',
};

/** What a person can do about a write of which nobody knows. */
export const unknownOutcomeHint = 'The write may have happened: read the key before trying again.';
/** What a person can do when nobody answers. */
export const nobodyThereHint =
  'Is a node running there? Give its address with --endpoint: kvorum dev serves 127.0.0.1:2379, kvorum demo (npm start) serves 127.0.0.1:30080 and on.';

/** How the command ends after an error with this code. */
export function exitOf(code: string): ExitName {
  return exits[code] ?? 'failed';
}

/** Reads the error that a node answered a read with. */
export async function readAnswerError(answer: HttpAnswer): Promise<CommandError> {
  const body = await readBody(answer, errorBytesMax);
  const parsed = errorBody.safeParse(parseJson(body.toString('utf8'))).data;
  const { code, message, ...fields } = parsed?.error ?? foreignError(answer.status);
  return new CommandError(exitOf(code), message, { code, fields });
}

function foreignError(status: number): z.infer<typeof errorBody>['error'] {
  return { code: 'failed', message: `the endpoint answered ${status}, not in kvorum's form: is it a kvorum node?` };
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
    hint: nobodyThereHint,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
