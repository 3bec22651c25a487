/** Answers of servers, taken apart and given to those who wait. */
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { BatchResult } from '@kvorum/protocol/kvorum/v1/batch.js';
import { type Failure, failureOf, failureOfResult } from '../servers/failure.js';
import type { Operation } from './operation.js';

/** Resolves the promise of a call that went by itself. Throws when the response is none to it. */
export function deliver(operation: Operation, response: Uint8Array): void {
  switch (operation.kind) {
    case 'get':
      operation.resolve(kvMethods.get.response.decode(response));
      return;
    case 'set':
      operation.resolve(kvMethods.set.response.decode(response));
      return;
    case 'delete':
      operation.resolve(kvMethods.delete.response.decode(response));
      return;
  }
}

/** The results of a batch of `count` operations. Throws when the response isn't that. */
export function resultsOf(response: Uint8Array, count: number): readonly BatchResult[] {
  const { results } = kvMethods.batch.response.decode(response);
  if (results.length !== count) throw new Error(`${results.length} results for ${count} operations`);
  return results;
}

/** Resolves the promise of a call that was part of a batch, or says why not. */
export function deliverResult(operation: Operation, result: BatchResult): Failure | undefined {
  const { code, message, error } = result;
  if (code !== 0) {
    if (operation.kind !== 'get' || error?.code !== 'KEY_NOT_FOUND') return failureOfResult(code, message, error);
    operation.resolve(undefined);
    return undefined;
  }
  if (operation.kind === 'get' && result.get !== undefined) operation.resolve(result.get);
  else if (operation.kind === 'set' && result.set !== undefined) operation.resolve(result.set);
  else if (operation.kind === 'delete' && result.delete !== undefined) operation.resolve(result.delete);
  else return failureOf(new Error(`a result that belongs to no ${operation.kind}`));
  return undefined;
}
