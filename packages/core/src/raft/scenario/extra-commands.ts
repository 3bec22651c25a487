/**
 * Commands of our own, for what the public scenario files have no command for: reads, restarts, storage that is not ready,
 * snapshot reports, proposals that answer where they went.
 */
import { encodeUtf8 } from '../../base/utf8.js';
import { positional, positionalInteger, positionals, ScenarioError, valueOf } from './arguments.js';
import type { Environment } from './environment.js';
import type { Case } from './parser.js';
import type { ScenarioNode } from './scenario-node.js';

type Command = (environment: Environment, one: Case) => void;

export const EXTRA_COMMANDS: Readonly<Record<string, Command>> = {
  /** `propose-here i a b c`: proposes without forwarding and prints the place or the refusal. */
  'propose-here': (environment, one) => {
    const datas = positionals(one).slice(1).map(encodeUtf8);
    const result = nodeOf(environment, one).raw.propose(datas);
    environment.output.write(result.isAccepted ? `accepted ${result.term}/${result.index}\n` : `${result.reason}\n`);
  },
  /** `read-index i context`: asks for a linearizable read; prints a refusal. */
  'read-index': (environment, one) => {
    const result = nodeOf(environment, one).raw.readIndex(positionalInteger(one, 1));
    if (result !== 'accepted') environment.output.write(`${result}\n`);
  },
  /** `report-snapshot i j status=finish|failure`. */
  'report-snapshot': (environment, one) => {
    const status = valueOf(one, 'status');
    if (status !== 'finish' && status !== 'failure') throw new ScenarioError('status must be finish or failure');
    nodeOf(environment, one).raw.reportSnapshot(positionalInteger(one, 1), status === 'finish');
  },
  /** `restart i`: what isn't stored is lost. Messages under way stay. */
  restart: (environment, one) => nodeOf(environment, one).restart(),
  /** `storage-window i index|none`: entries before the index are "not yet"; `none` also hides the snapshot, `all` ends both. */
  'storage-window': (environment, one) => {
    const { storage } = nodeOf(environment, one);
    const from = positional(one, 1);
    storage.hasSnapshotInMemory = from !== 'none';
    storage.entriesInMemoryFrom =
      from === 'none' ? Number.POSITIVE_INFINITY : from === 'all' ? 0 : positionalInteger(one, 1);
  },
  /** `storage-ready i`: what was asked for is in memory now. */
  'storage-ready': (environment, one) => nodeOf(environment, one).raw.storageReady(),
};

function nodeOf(environment: Environment, one: Case): ScenarioNode {
  return environment.node(positionalInteger(one, 0));
}
