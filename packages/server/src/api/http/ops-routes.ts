/**
 * What operators and their tools ask: `/livez /readyz /health /version /metrics`. All but `/readyz` answer without a quorum (S14).
 * Their query string is ignored, since probes and scrapers add to it as they please.
 */
import process from 'node:process';
import { KvorumError } from '@kvorum/protocol';
import type { NodeInfo } from '../../service/kv-service.js';
import type { Exchange } from './exchange.js';
import type { ReadyCheck } from './ready-check.js';

/** Version of the routes and bodies described in docs/http-api.md; raised when a change could break a client. */
export const httpProtocolVersion = 1;

export interface OpsDeps {
  readonly info: NodeInfo;
  readonly ready: ReadyCheck;
}

/** Answers and returns true when the path is one of these. */
export function serveOps(exchange: Exchange, deps: OpsDeps, path: string): boolean {
  const answer = opsRoutes.get(path);
  if (answer === undefined) return false;
  exchange.route = 'ops';
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') {
    exchange.fail(new KvorumError('METHOD_NOT_ALLOWED', `${path} allows GET, HEAD`), ['Allow', 'GET, HEAD']);
    return true;
  }
  answer(exchange, deps);
  return true;
}

type Answer = (exchange: Exchange, deps: OpsDeps) => void;

const opsRoutes: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['/livez', livez],
  ['/readyz', readyz],
  ['/health', health],
  ['/version', version],
  ['/metrics', metrics],
]);

function livez(exchange: Exchange, { info }: OpsDeps): void {
  if (info.isLive()) exchange.sendText(200, 'ok\n');
  else exchange.fail(new KvorumError('STOPPED', 'this node has failed; its log has the cause'));
}

function readyz(exchange: Exchange, { ready }: OpsDeps): void {
  ready.check().then(
    () => exchange.sendText(200, 'ok\n'),
    (error: unknown) => exchange.fail(error),
  );
}

/** `health` as etcd writes it, as a string; then the whole status. Always 200: the status code to watch is that of `/readyz`. */
function health(exchange: Exchange, { info }: OpsDeps): void {
  const status = info.status();
  exchange.sendJson(200, { health: String(status.isReady), ...status });
}

function version(exchange: Exchange, { info }: OpsDeps): void {
  exchange.sendJson(200, {
    version: info.status().version,
    node: process.versions.node,
    protocol: httpProtocolVersion,
  });
}

function metrics(exchange: Exchange, { info }: OpsDeps): void {
  info.metricsText().then(
    (text) => exchange.send(200, ['Content-Type', 'text/plain; version=0.0.4; charset=utf-8'], text),
    (error: unknown) => exchange.fail(error),
  );
}
