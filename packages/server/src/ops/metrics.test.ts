import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createNodeMetrics } from '../env/node-metrics.js';
import { createProcessProbe } from '../env/process-probe.js';
import { FakeNodeInfo } from '../service/testing/fake-node-info.js';
import { metricList } from './metric-list.js';
import { MetricsRegistry } from './metrics.js';

function registry() {
  const counts = createNodeMetrics();
  const info = new FakeNodeInfo();
  const probe = createProcessProbe();
  return { counts, info, probe, metrics: new MetricsRegistry({ counts, status: () => info.status(), probe }) };
}

test('a scrape shows what was counted until then, also the second time', async () => {
  const { counts, metrics, probe } = registry();
  counts.http.routes.put.answers[2] = 5;
  counts.wal.syncMs.observe(0.2);
  counts.wal.syncMs.observe(3);
  counts.wal.syncMs.observe(99_999);
  await metrics.text();
  const text = await metrics.text();
  probe.close();
  assert.match(text, /^kvorum_http_requests_total\{route="put",status="2xx"\} 5$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_bucket\{le="0.00025"\} 1$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_bucket\{le="0.004"\} 2$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_bucket\{le="5"\} 2$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_bucket\{le="\+Inf"\} 3$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_sum 100.00\d+$/m);
  assert.match(text, /^kvorum_wal_sync_duration_seconds_count 3$/m);
  assert.match(text, /^# TYPE kvorum_wal_sync_duration_seconds histogram$/m);
  assert.match(text, /^kvorum_http_request_duration_seconds_bucket\{le="0.001",route="get"\} 0$/m);
});

test('status shows as gauges, and what is gone disappears', async () => {
  const { info, metrics, probe } = registry();
  assert.match(await metrics.text(), /^kvorum_shard_is_leader\{shard="1",keyspace="default"\} 1$/m);
  info.isLeader = false;
  info.notReady = new Error('no leader');
  const text = await metrics.text();
  probe.close();
  assert.match(text, /^kvorum_shard_is_leader\{shard="1",keyspace="default"\} 0$/m);
  assert.match(text, /^kvorum_shard_applied_index\{shard="1",keyspace="default"\} 9$/m);
  assert.match(text, /^kvorum_node_ready 0$/m);
  assert.match(text, /^kvorum_process_resident_memory_bytes \d{7,}$/m);
  assert.match(text, /^kvorum_process_event_loop_delay_seconds\{quantile="0.99"\} \d/m);
});

test('two nodes in one process count apart', async () => {
  const first = registry();
  const second = registry();
  first.counts.shard.proposals = 7;
  assert.match(await first.metrics.text(), /^kvorum_shard_proposals_total 7$/m);
  assert.match(await second.metrics.text(), /^kvorum_shard_proposals_total 0$/m);
  first.probe.close();
  second.probe.close();
});

test('docs/metrics.md has one row for each metric, saying what the code says', () => {
  const doc = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = doc.split('\n').filter((line) => line.startsWith('| `kvorum_'));
  const wanted = metricList.map(({ name, type, labels, help }) => {
    const labelText = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labelText} | ${help} |`.replaceAll('|  |', '| |');
  });
  assert.deepEqual(documented, wanted);
});
