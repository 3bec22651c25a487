/** Election safety (Raft, figure 3): at most one leader in a term, over the whole run and all restarts. */
import type { Report } from './violation.js';

export class ElectionSafety {
  readonly #leaders = new Map<string, number>();
  readonly #report: Report;
  /** Elections won. */
  elections = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** A node says that it leads a shard in a term. */
  leads(node: number, shard: number, term: number): void {
    const key = `${shard} ${term}`;
    const other = this.#leaders.get(key);
    if (other === undefined) {
      this.elections += 1;
      this.#leaders.set(key, node);
    } else if (other !== node) {
      this.#report(`shard ${shard} has two leaders in term ${term}: nodes ${other} and ${node}`);
    }
  }
}
