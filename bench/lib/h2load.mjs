/** h2load of nghttp2 as the client that nobody here wrote. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Why there is no h2load here, or undefined. */
export function h2loadProblem() {
  return spawnSync('h2load', ['--version']).status === 0
    ? undefined
    : 'h2load is not installed (Debian package nghttp2-client)';
}

/** `requests` calls of `path` with the message in `file`: `{ rate, failed }`. */
export async function h2load({ url, file, requests, connections, streams }) {
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const load = ['-n', String(requests), '-c', String(connections), '-m', String(streams), '-t', '1', '-d', file];
  const { stdout } = await promisify(execFile)('h2load', [...load, ...headers, url], { maxBuffer: 2 ** 24 });
  const [, rate] = /^finished in .*?, ([\d.]+) req\/s/m.exec(stdout) ?? [];
  const [, succeeded] = /(\d+) succeeded/.exec(stdout) ?? [];
  return { rate: Number(rate), failed: requests - Number(succeeded) };
}
