/** Our server on a free port, for as long as a test runs. */
import { createServer, type Server } from 'node:http';
import type { TestContext } from 'node:test';
import { createRuntime, type Runtime } from '../../base/runtime.js';
import { gzip } from '../../node/gzip.js';
import { GrpcListener, type GrpcListenerOptions } from '../../node/listener.js';
import { createRealClock } from '../../node/real-clock.js';
import { GrpcServer } from '../../server/grpc-server.js';
import type { GrpcServerOptions } from '../../server/options.js';
import { type EchoLog, echoService } from './echo-service.js';

export interface OwnServer {
  readonly port: number;
  readonly runtime: Runtime;
  readonly server: GrpcServer;
  readonly listener: GrpcListener;
  readonly log: EchoLog;
  /** Answers HTTP/1.1 on the same port with `METHOD PATH BODY`. */
  readonly http: Server;
  readonly errors: unknown[];
}

export async function startOwnServer(
  context: TestContext,
  options: GrpcServerOptions = {},
  listening: Partial<GrpcListenerOptions> = {},
): Promise<OwnServer> {
  const runtime = createRuntime(createRealClock());
  const { services, log } = echoService(() => runtime.clock.now());
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const defaults = { messageBytesMax: 80 * 2 ** 20, compressions: [gzip], http2: { drainTimeoutMs: 2_000 } };
  const server = new GrpcServer({ runtime, services, onError }, { ...defaults, ...options });
  const http = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => response.end(`${request.method} ${request.url} ${Buffer.concat(body).toString()}`));
  });
  const listener = new GrpcListener({ runtime, server, http, onError }, { port: 0, ...listening });
  const { port } = await listener.start();
  context.after(async () => {
    http.closeAllConnections();
    const closed = listener.close();
    await server.destroy();
    await closed;
  });
  return { port, runtime, server, listener, log, http, errors };
}
