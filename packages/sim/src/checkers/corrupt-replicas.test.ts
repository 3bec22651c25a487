import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../workload/history.js';
import { CorruptReplicas } from './corrupt-replicas.js';

const stops = 'this replica is corrupt and serves no more {"shard":1,"cause":"minority","index":9,"detail":"x"}';

function setup() {
  const reports: string[] = [];
  const checker = new CorruptReplicas(
    (message) => reports.push(`sound: ${message}`),
    (message) => reports.push(`serves: ${message}`),
  );
  const history = new History();
  const answered = (node: number, process: number, invokedMs: number, code?: string): void => {
    const request = { kind: 'count', prefix: 'k' } as const;
    const operation = history.invoke({ client: 1, node, process, request, invokedMs });
    history.answer(
      operation,
      code === undefined ? { kind: 'counted', revision: 1, count: 0 } : { kind: 'refused', code },
      invokedMs + 1,
    );
  };
  return { reports, checker, history, answered };
}

test('R14: a sound replica that is called corrupt is a violation, a wrong one is not', () => {
  const { reports, checker } = setup();
  checker.said({ id: 1, starts: 1, isWrong: true }, stops, 5);
  assert.deepEqual([reports.length, checker.found], [0, 1]);
  checker.said({ id: 2, starts: 1, isWrong: false }, stops, 5);
  assert.match(reports.join(), /^sound: node 2/);
});

test('R14: what a process answers after its replica was called corrupt is a violation', () => {
  const { reports, checker, history, answered } = setup();
  checker.said({ id: 1, starts: 2, isWrong: true }, stops, 5);
  answered(1, 2, 4);
  answered(1, 2, 6, 'CORRUPT');
  answered(2, 2, 6);
  answered(1, 1, 6);
  checker.check(history.operations);
  assert.deepEqual(reports, []);
  answered(1, 2, 6);
  checker.check(history.operations);
  assert.match(reports.join(), /^serves: operation 4 /);
});
