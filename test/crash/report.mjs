/** What the crash test prints. */

/** One line per round. */
export function roundLine({ number, kind, killed, acknowledged, unknown, lost, recoveredMs, seconds, hash }) {
  const recovered =
    recoveredMs === undefined ? 'not recovered' : `writes back after ${(recoveredMs / 1000).toFixed(1).padStart(4)} s`;
  return (
    `round ${String(number).padStart(2)}  ${kind.padEnd(14)} ${killed} killed  ${String(acknowledged).padStart(6)} acknowledged  ` +
    `${String(unknown).padStart(3)} unknown  ${lost} lost  ${recovered}  ${seconds.toFixed(1).padStart(4)} s  ${hash ?? 'replicas differ'}`
  );
}

/** The table at the end. */
export function summaryLines({ ledger, kills, hash, wear }, seconds) {
  const killed = [...kills.values()].reduce((sum, each) => sum + each.killed, 0);
  const byKind = [...kills].map(([kind, each]) => `${kind} ${each.killed} in ${each.rounds} rounds`);
  const rows = [
    ['acknowledged writes', ledger.acknowledged.length],
    ['unknown writes', ledger.unknown],
    ['refused writes (definitely not done)', ledger.failed],
    ['lost writes', ledger.lost.size],
    ['linearizable reads checked', ledger.reads],
    ['kills (SIGKILL)', `${killed}: ${byKind.join(', ')}`],
    ['state hash of all replicas', hash ?? 'not equal'],
    ['snapshots installed, segments freed', `${wear.snapshotsInstalled}, ${wear.segmentsFreed}`],
    ['seconds', seconds.toFixed(0)],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(38)} ${value}`);
}

/** Every kind of problem with its first texts. */
export function problemLines({ ledger, folder }) {
  const lines = [...ledger.problems].flatMap(([kind, { count, texts }]) => [
    `  ${kind}: ${count}`,
    ...texts.map((text) => `    ${text}`),
  ]);
  return folder === undefined ? lines : [...lines, `  data and logs of the nodes: ${folder}`];
}

/** What a mutant was caught by, in a few words. */
export function caughtWords({ ledger }) {
  const kinds = [...ledger.problems].filter(([kind]) => kind !== 'lost').map(([kind, { count }]) => `${kind} ${count}`);
  return [`${ledger.lost.size} lost`, ...kinds].join(', ');
}
