import assert from 'node:assert/strict';
import { ClientError } from '../base/errors.js';

/** The error that a call must fail with. */
export async function failure(call: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error;
}
