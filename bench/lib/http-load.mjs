/**
 * A closed loop of HTTP/1.1 requests on kept connections, one request under way per connection, in a process of its own so that its work is
 * not counted as the nodes'. Written on bare sockets to cost little.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figure } from './report.mjs';

/**
 * @param load.ports client ports on loopback; connections are spread over them
 * @param load.method PUT or GET of `/kv/bench-N`, N counting up below `load.keys`
 * @param load.query what stands behind the key, `?serializable`; default nothing
 * @returns {Promise<{ requests: number, rate: number, p50Ms: number, p99Ms: number, failures: number }>}
 */
export function httpLoad({ ports, connections, seconds, method, keys, query = '' }) {
  const child = fork(fileURLToPath(new URL('./http-load-child.mjs', import.meta.url)));
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the load ended with exit code ${code}`)));
    child.send({ ports, connections, seconds, method, keys, query });
  });
}

/** Prints what a load came to; `cpuMicros` is what the measured processes used meanwhile (P17). */
export function reportLoad(name, { requests, rate, p50Ms, p99Ms, failures }, cpuMicros) {
  figure(name, rate, '/s');
  figure(`${name}: latency p50`, p50Ms, 'ms');
  figure(`${name}: latency p99`, p99Ms, 'ms');
  figure(`${name}: CPU per 1,000 requests`, cpuMicros / requests, 'ms');
  if (failures > 0) figure(`${name}: failed`, failures, 'requests', { most: 0 });
}
