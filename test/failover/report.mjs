/** What the failover test prints. */

/** From a kill to the first write of every writer, at most. */
export const RESUME_MS_MAX = 2500;

/** One line per kill. */
export function killLine(number, { leader, firstMs, lastMs, watchMs, returnMs }) {
  return (
    `kill ${String(number).padStart(2)}  leader ${leader}  writes resumed after ${ms(firstMs)}, of all writers after ${ms(lastMs)} ` +
    `(limit ${RESUME_MS_MAX}), the watch after ${ms(watchMs)}; back and caught up in ${ms(returnMs)}`
  );
}

/** The table at the end. */
export function summaryLines({ kills, writers, watch, history, readLoad, compacted, stats, failoverSeconds, seconds }) {
  const made = writers.acknowledged.size;
  const reads = readLoad?.servers.map(
    ({ address, isLeader, reads: count }) => `${address}${isLeader ? ' (leader)' : ''} ${count}`,
  );
  const longest = (name) => ms(kills.length === 0 ? undefined : Math.max(...kills.map((kill) => kill[name])));
  const rows = [
    ['increments acknowledged', made],
    ['conflicts of lone writers', writers.ownConflicts],
    ['conflicts on the shared counter', writers.sharedConflicts],
    ['leaders killed', kills.length],
    [
      'longest until a write, all writers, the watch',
      `${longest('firstMs')}, ${longest('lastMs')}, ${longest('watchMs')}`,
    ],
    ['attempts that the client repeated', stats.retries],
    ['revisions by the watch', `${watch.count}, compacted at ${compacted ?? 'none'}`],
    ['operations in the histories', `${history.operations} on ${history.keys.length} keys`],
    ['reads went to all followers again after', ms(readLoad?.balancedMs)],
    [
      'reads of a load of 9:1',
      `${reads?.join(', ') ?? 'none'}${readLoad === undefined ? '' : ` in ${readLoad.seconds.toFixed(1)} s`}`,
    ],
    ['seconds: with kills, in all', `${failoverSeconds.toFixed(0)}, ${seconds.toFixed(0)}`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(42)} ${value}`);
}

function ms(value) {
  return value === undefined ? 'never' : `${Math.round(value)} ms`;
}
