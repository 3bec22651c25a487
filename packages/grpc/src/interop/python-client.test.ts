/** Python's grpcio, which is gRPC's C core, as the client of our server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../grpc/status.js';
import { FAILURE_DETAILS, FAILURE_TEXT } from './testing/echo-service.js';
import { startOwnServer } from './testing/own-server.js';
import { runPython, withoutPython } from './testing/python.js';
import { until } from './testing/until.js';

interface Outcome {
  readonly value: unknown;
  readonly code: string;
  readonly details: string;
  readonly initial: Readonly<Record<string, string>>;
  readonly trailing: Readonly<Record<string, string>>;
}

const MIB = 2 ** 20;
const BINARY = Buffer.from([0, 1, 254, 255]).toString('base64');

function checkMetadata(outcome: Outcome | undefined): void {
  assert.equal(outcome?.code, 'OK');
  assert.equal(outcome?.initial['x-answer'], 'hello');
  assert.equal(outcome?.trailing['x-answer-bin'], BINARY);
}

test('Python calls our server in all four ways', { skip: withoutPython, timeout: 90_000 }, async (context) => {
  const { port, log } = await startOwnServer(context);
  const seen = JSON.parse(await runPython('grpcio-client.py', String(port))) as Record<string, Outcome>;

  assert.equal(seen['say']?.value, 'hi');
  assert.equal(seen['sayLater']?.value, 'hi');
  assert.equal(seen['empty']?.value, '');
  for (const name of ['say', 'sayLater', 'many', 'count']) checkMetadata(seen[name]);
  assert.deepEqual(
    seen['many']?.value,
    Array.from({ length: 1000 }, (_, at) => String(at)),
  );
  assert.equal(seen['count']?.value, '100000');
  assert.deepEqual(seen['chat'], ['one', 'two', '', 'three']);
  assert.deepEqual([seen['gzip'], seen['big'], seen['repeated']], [true, true, true], 'gzip, 64 MiB, 300 in a row');

  assert.deepEqual([seen['fail']?.code, seen['fail']?.details], ['FAILED_PRECONDITION', FAILURE_TEXT]);
  assert.equal(seen['fail']?.trailing['grpc-status-details-bin'], FAILURE_DETAILS.toString('base64'));
  assert.equal(seen['absent']?.code, 'UNIMPLEMENTED');
  assert.deepEqual([seen['manyThenFail']?.value, seen['manyThenFail']?.code], [['0', '1', '2'], 'ABORTED']);

  assert.equal(seen['overdue']?.code, 'DEADLINE_EXCEEDED');
  assert.equal(seen['cancelled'], 'CANCELLED');
  assert.ok((log.deadlines[0] ?? 0) > 50 && (log.deadlines[0] ?? 0) <= 201, `${log.deadlines[0]}`);
  assert.equal(log.deadlines[1], undefined);
  await until(() => log.cancelled.length === 2);
  // Whoever looks at the clock first ends the overdue call: the server at its deadline, or the client with a reset.
  assert.ok([Status.DEADLINE_EXCEEDED, Status.CANCELLED].some((code) => code === log.cancelled[0]));
  assert.equal(log.cancelled[1], Status.CANCELLED);

  assert.equal(seen['slow'], 64 * 1024);
  // gRPC's core lets its windows grow to 16 MiB, the more the slower the machine; what it reads ahead of Python comes on top.
  assert.ok(log.flooded * 64 * 1024 < 64 * MIB, `S10: a slow reader holds the handler back (${log.flooded} messages)`);
});
