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
  if (parsed === undefined) {
    return new CommandError(
      'failed',
      `the endpoint answered ${answer.status}, not in kvorum's form: is it a kvorum node?`,
    );
  }
  const { code, message, ...fields } = parsed.error;
  if (isWrite && fields.mayHaveHappened === true) {
    return new CommandError('outcomeUnknown', message, { code, fields, hint: unknownHint });
  }
  return new CommandError(exits[code] ?? 'failed', message, { code, fields });
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

/** The error when every endpoint failed without having done anything. */
export function noEndpoint(failures: readonly { readonly url: string; readonly reason: string }[]): CommandError {
  const told = failures.map(({ url, reason }) => `${url} (${reason})`);
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
