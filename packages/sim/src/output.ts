/** What people see of runs: a failed seed with its trace, and the totals of all. */
import { faultKinds } from './knobs.js';
import { membershipKinds } from './membership/draw-change.js';
import type { Answer } from './order.js';
import type { RunReport } from './run-report.js';
import { workloads } from './workload/requests.js';
import { Tally } from './world/tally.js';

/** Lines of the event log that a failed seed shows. */
const LINES_SHOWN = 60;

/** A run that broke an invariant: which, where, what went before, and how to have it again. */
export function printFailure({ order, report }: Answer, commit: string): void {
  const { seed, steps, simulatedMs } = report;
  const seconds = (simulatedMs / 1000).toFixed(1);
  console.log(`\nseed ${seed} FAILED at commit ${commit} after ${seconds} simulated seconds and ${steps} steps`);
  for (const { checker, message } of report.violations) console.log(`  ${checker}: ${message}`);
  console.log(`  knobs: ${JSON.stringify(report.knobs)}`);
  console.log(`  last lines of the event log:`);
  for (const line of report.tail.slice(-LINES_SHOWN)) console.log(`    ${line.slice(0, 300)}`);
  const knobs = Object.keys(order.fixed).length === 0 ? '' : ` --knobs '${JSON.stringify(order.fixed)}'`;
  const prefix = order.steps === undefined ? '' : ` --steps ${order.steps}`;
  console.log(`  again: npm run sim -- --seed ${seed}${knobs}${prefix}`);
}

/** Groups that broke an invariant, or ended by an error, and how to have them again. */
export function printGroupFailures({ groupFailures }: Answer, commit: string): void {
  for (const { group, checker, message } of groupFailures) {
    console.log(`\ngroup ${group} FAILED at commit ${commit}\n  ${checker}: ${message}`);
    console.log(`  again: npm run sim -- --group ${group}`);
  }
}

/** In so many runs every kind of fault and of work has to happen, and every failpoint has to be cut at (R6). */
const SEEDS_FOR_ALL = 50;

/** Sums over runs. */
export class Totals {
  failed = 0;
  readonly #startedMs = performance.now();
  readonly #sums = new Tally();
  readonly #faults = new Tally();
  readonly #counts = new Tally();
  readonly #failpointHits = new Tally();
  readonly #failpointCuts = new Tally();
  readonly #failedSeeds: string[] = [];
  readonly #failedGroups: string[] = [];
  #groups = 0;
  #runs = 0;
  #last: RunReport | undefined;
  #fewest = {
    acknowledged: Number.POSITIVE_INFINITY,
    faults: Number.POSITIVE_INFINITY,
    lines: Number.POSITIVE_INFINITY,
  };

  add({ order, report, groupFailures }: Answer): void {
    this.#groups += order.groups.length;
    this.#failedGroups.push(...groupFailures.map(({ group, checker }) => `${group} (${checker})`));
    this.#runs += 1;
    this.#last = report;
    if (report.violations.length > 0) {
      this.failed += 1;
      this.#failedSeeds.push(
        `${report.seed} (${[...new Set(report.violations.map(({ checker }) => checker))].join(', ')})`,
      );
    }
    this.#sums.add('simulated ms', Math.round(report.simulatedMs));
    this.#sums.add('operations', report.operations);
    this.#sums.add('acknowledged', report.acknowledged);
    this.#sums.add('log lines', report.lines);
    this.#faults.addAll(report.faults);
    for (const { name, hits, cuts } of report.failpoints) {
      this.#failpointHits.add(name, hits);
      this.#failpointCuts.add(name, cuts);
    }
    this.#counts.addAll(report.counts);
    const menu: ReadonlySet<string> = new Set(faultKinds);
    const faults = report.faults.reduce((sum, [kind, count]) => sum + (menu.has(kind) ? count : 0), 0);
    this.#fewest = {
      acknowledged: Math.min(this.#fewest.acknowledged, report.acknowledged),
      faults: Math.min(this.#fewest.faults, faults),
      lines: Math.min(this.#fewest.lines, report.lines),
    };
  }

  /** Nothing was broken, in clusters or groups, and nothing is missing. */
  get isGood(): boolean {
    return this.failed === 0 && this.#failedGroups.length === 0 && this.missing().length === 0;
  }

  /** Kinds of faults and of work that never happened, and failpoints without a power cut, in a run that is long enough for all of them. */
  missing(): readonly string[] {
    if (this.#runs < SEEDS_FOR_ALL) return [];
    const faults = [...faultKinds, ...membershipKinds.map((kind) => `membership: ${kind}`)];
    const works = ['snapshots during load', ...workloads.map((workload) => `workload ${workload}`)];
    const points = this.#failpointCuts.entries().filter(([, cuts]) => cuts === 0);
    return [
      ...faults.filter((kind) => this.#faults.count(kind) === 0),
      ...works.filter((work) => this.#counts.count(work) === 0),
      ...points.map(([name]) => `a power cut at ${name}`),
    ];
  }

  print(): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    console.log(`\nfaults: ${list(this.#faults)}`);
    const failpoints = this.#failpointCuts
      .entries()
      .map(([name, cuts]) => `${name} ${cuts}/${this.#failpointHits.count(name)}`);
    console.log(`failpoints (power cuts/times reached): ${failpoints.join(', ')}`);
    console.log(`counts: ${list(this.#counts)}`);
    console.log(`sums: ${list(this.#sums)}`);
    console.log(`fewest in a run: ${JSON.stringify(this.#fewest)}`);
    if (this.#runs === 1 && this.#last !== undefined)
      console.log(`event log: ${this.#last.lines} lines, sha256 ${this.#last.digest}`);
    const missing = this.missing();
    if (missing.length > 0) console.log(`NEVER HAPPENED: ${missing.join(', ')}`);
    if (this.#failedGroups.length > 0) console.log(`failed groups: ${this.#failedGroups.join('; ')}`);
    if (this.#groups > 0) console.log(`${this.#groups} groups, ${this.#failedGroups.length} failed`);
    if (this.failed > 0) console.log(`failed: ${this.#failedSeeds.join('; ')}`);
    console.log(`${this.#runs} seeds, ${this.failed} failed, ${seconds.toFixed(1)} s`);
  }
}

function list(tally: Tally): string {
  return tally
    .entries()
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
