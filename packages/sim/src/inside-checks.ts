/** The checkers of what goes on inside nodes, fed by looks at all replicas in short intervals. */
import { CommittedEntries } from './checkers/committed-entries.js';
import { ConfStateAgreement } from './checkers/conf-state-agreement.js';
import { CorruptReplicas } from './checkers/corrupt-replicas.js';
import { ElectionSafety } from './checkers/election-safety.js';
import { LogMatching } from './checkers/log-matching.js';
import { viewReplica } from './checkers/replica-view.js';
import { StateMachineSafety } from './checkers/state-machine-safety.js';
import type { Machine } from './machine/machine.js';

export class InsideChecks {
  readonly elections: ElectionSafety;
  readonly logs: LogMatching;
  readonly committed: CommittedEntries;
  readonly states: StateMachineSafety;
  readonly members: ConfStateAgreement;
  readonly corrupt: CorruptReplicas;

  constructor(violate: (checker: string, message: string) => void) {
    const reportTo = (checker: string) => (message: string) => violate(checker, message);
    this.elections = new ElectionSafety(reportTo('election safety'));
    this.logs = new LogMatching(reportTo('log matching'));
    this.committed = new CommittedEntries(reportTo('committed entries'), reportTo('leader completeness'));
    this.states = new StateMachineSafety(reportTo('state machine safety'));
    this.corrupt = new CorruptReplicas(reportTo('only wrong replicas stop'), reportTo('corrupt replicas do not serve'));
    this.members = new ConfStateAgreement(reportTo('conf-state agreement'));
  }

  leads({ id, starts }: Machine, shard: number, term: number): void {
    this.elections.leads(id, shard, term);
    this.committed.leads(id, starts, shard, term);
  }

  look(machine: Machine): void {
    if (machine.shards === undefined) return;
    for (const hosted of machine.shards.all) {
      const view = viewReplica(machine.id, machine.starts, hosted, machine.logs.get(hosted.shard));
      this.logs.look(view);
      this.committed.look(view);
      this.states.look(view);
      this.members.look(view);
    }
  }
}
