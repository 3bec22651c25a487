/** Durability: every acknowledged write is there in the end, at its revision, as far as revisions are kept. */
import type { Operation } from '../workload/history.js';
import type { Report } from './violation.js';

/** The state that all replicas have come to. */
export interface FinalState {
  readonly revision: number;
  /** Reads below it are refused. */
  readonly compactRevision: number;
  /** The key's value and modRevision as of a revision. */
  get(key: string, revision: number): { readonly value: string; readonly modRevision: number } | undefined;
}

export function checkAcknowledgedWrites(operations: readonly Operation[], final: FinalState, report: Report): number {
  let checked = 0;
  for (const { id, request, answer } of operations) {
    const isPut = request.kind === 'put' && answer.kind === 'written';
    const isDelete = request.kind === 'delete' && answer.kind === 'deleted' && answer.deleted > 0;
    if (!isPut && !isDelete) continue;
    if (answer.revision > final.revision) {
      report(`operation ${id} was acknowledged at revision ${answer.revision}, the newest is ${final.revision}`);
      continue;
    }
    if (answer.revision < final.compactRevision) continue;
    checked += 1;
    const found = final.get(request.key, answer.revision);
    if (isDelete && found !== undefined) {
      report(`operation ${id} deleted ${request.key} at revision ${answer.revision}, but it is there`);
    }
    if (isPut && (found?.value !== request.value || found.modRevision !== answer.revision)) {
      report(`operation ${id} wrote ${request.key} at revision ${answer.revision}; found is ${JSON.stringify(found)}`);
    }
  }
  return checked;
}
