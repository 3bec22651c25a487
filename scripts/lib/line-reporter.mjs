// A reporter for node:test that writes one JSON line per finished test: `{ name, state, reason?, error? }`. Suites, and tests that failed
// only because a subtest did, are left out: their tests speak for them.
import { inspect } from 'node:util';

function outcome({ type, data }) {
  const { name, skip, todo, details } = data;
  if (details.type === 'suite' && details.error?.failureType !== 'hookFailed') return undefined;
  if (type === 'test:fail' && !todo) {
    const { error } = details;
    if (error?.failureType === 'subtestsFailed') return undefined;
    return { name, state: 'failed', error: inspect(error?.cause ?? error, { depth: 5 }) };
  }
  const reason = skip ?? todo;
  if (reason === undefined || reason === false) return { name, state: 'passed' };
  return { name, state: 'skipped', reason: typeof reason === 'string' && reason !== '' ? reason : 'no reason given' };
}

/** The reporter: an async generator over the runner's events, loaded by `--test-reporter`, which wants a default export. */
// oxlint-disable-next-line import/no-default-export
export default async function* lines(events) {
  for await (const event of events) {
    const found = event.type === 'test:pass' || event.type === 'test:fail' ? outcome(event) : undefined;
    if (found !== undefined) yield `${JSON.stringify(found)}\n`;
  }
}
