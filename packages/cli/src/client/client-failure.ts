/** Errors of the client library as errors that end a command. */
import { ClientError } from '@kvorum/client';
import { CommandError } from '../command-error.js';
import { exitOf, nobodyThereHint, unknownOutcomeHint } from './answer-error.js';
import type { Endpoint } from './endpoint.js';

/** What the client itself says of a request that it does not send. */
const wrongRequestCodes: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'KEY_TOO_LARGE', 'REQUEST_TOO_LARGE']);

/** `endpoints` when none of them has answered yet. What is no error of a client is handed back as it is. */
export function explainFailure(error: unknown, endpoints?: readonly Endpoint[]): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, mayHaveHappened, revision, compactRevision, field, server } = error;
  const fields = { mayHaveHappened, revision, compactRevision, field, server };
  const details = { code, fields, cause: error };
  if (mayHaveHappened) {
    return new CommandError('outcomeUnknown', error.message, { ...details, hint: unknownOutcomeHint });
  }
  if (endpoints !== undefined && code === 'UNAVAILABLE') {
    const tried = endpoints.map(({ url }) => url).join(', ');
    const message = `no endpoint answered (${tried}): ${error.message}`;
    return new CommandError('unavailable', message, { ...details, code: 'NO_ENDPOINT', hint: nobodyThereHint });
  }
  // What the client itself refused was not sent anywhere.
  const exit = server === undefined && wrongRequestCodes.has(code) ? 'usage' : exitOf(code);
  return new CommandError(exit, error.message, details);
}
