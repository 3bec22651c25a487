// A process at one end of a gRPC connection: `node grpc-child.mjs ROLE KIND [PORT]`. Servers (`server own`, `server own-tls`, `server grpc-js`) answer `/echo.Echo/Say` with what
// they got, `Null` with nothing and `Many` with as many messages of 1 KiB as the request asks for. Clients (`client own`, `client grpc-js`) run a load
// when told. Tells its CPU time and memory when asked; ends with its parent.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import * as grpcJs from '@grpc/grpc-js';
import {
  bytesCodec,
  createRealClock,
  createRuntime,
  GrpcClient,
  GrpcListener,
  GrpcServer,
  serverStream,
  serviceTable,
  socketConnector,
  unary,
} from '../../packages/grpc/dist/index.js';

const MESSAGE = new Uint8Array(1024);
const NOTHING = new Uint8Array(0);
/** For messages that nobody looks at. */
const ignored = { encode: () => NOTHING, decode: () => undefined };
const [role, kind, port] = process.argv.slice(2);
const runtime = createRuntime(createRealClock());

async function startOwnServer(tls) {
  const services = serviceTable({
    'echo.Echo': {
      Null: unary(ignored, bytesCodec, () => NOTHING),
      Say: unary(bytesCodec, bytesCodec, (message) => message),
      Many: serverStream(bytesCodec, bytesCodec, (request) => many(Buffer.from(request).readUInt32BE())),
    },
  });
  const limits = { messageBytesMax: 2 ** 30, http2: { concurrentStreamsMax: 1000 } };
  const server = new GrpcServer({ runtime, services }, limits);
  const listener = new GrpcListener({ runtime, server }, { port: 0, connectionsMax: 20_000, ...(tls && { tls }) });
  return (await listener.start()).port;
}

/** For one run; needs openssl. */
function makeCertificate() {
  const kindOfKey = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    '-',
    '-out',
    '-',
  ];
  const pem = execFileSync('openssl', ['req', '-x509', ...kindOfKey, '-days', '2', '-subj', '/CN=localhost'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { key: pem, cert: pem };
}

function* many(count) {
  for (let at = 0; at < count; at += 1) yield MESSAGE;
}

function startGrpcJsServer() {
  const bytes = { serialize: (value) => value, deserialize: (value) => value };
  const method = (name, responseStream) => ({
    path: `/echo.Echo/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  });
  const server = new grpcJs.Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(
    { Null: method('Null', false), Say: method('Say', false) },
    { Null: (_, answer) => answer(null, Buffer.alloc(0)), Say: ({ request }, answer) => answer(null, request) },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpcJs.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

function remote(name) {
  return { path: `/echo.Echo/${name}`, request: bytesCodec, response: bytesCodec };
}

function ownClient() {
  return new GrpcClient(
    { runtime, connector: socketConnector({ host: '127.0.0.1', port: Number(port) }) },
    { messageBytesMax: 2 ** 30 },
  );
}

const loads = {
  /** `inFlight` null calls at any time, for `seconds`; how many. */
  async unary({ inFlight, seconds }) {
    const call = kind === 'own' ? ownUnary() : grpcJsUnary();
    const untilMs = performance.now() + seconds * 1000;
    let done = 0;
    const runOne = async () => {
      while (performance.now() < untilMs) {
        await call();
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, runOne));
    return done;
  },
  /** Reads `count` messages of one stream. */
  async stream({ count }) {
    const request = Buffer.alloc(4);
    request.writeUInt32BE(count);
    let done = 0;
    for await (const message of ownClient().serverStream(remote('Many'), request)) done += message.length > 0 ? 1 : 0;
    return done;
  },
  /** One call with a message of `bytes` each way. */
  async large({ bytes }) {
    const answer = await ownClient().unary(remote('Say'), new Uint8Array(bytes));
    return answer.length;
  },
};

function ownUnary() {
  const client = ownClient();
  const method = remote('Null');
  return () => client.unary(method, NOTHING);
}

function grpcJsUnary() {
  const client = new grpcJs.Client(`127.0.0.1:${port}`, grpcJs.credentials.createInsecure());
  const same = (value) => value;
  const empty = Buffer.alloc(0);
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest('/echo.Echo/Null', same, same, empty, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
}

const answers = {
  usage() {
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    return {
      cpuMicros: user + system,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      rssBytes: process.memoryUsage.rss(),
    };
  },
};

process.on('message', async ({ ask, load }) => {
  process.send(ask === undefined ? { done: await loads[load.name](load) } : answers[ask]());
});
process.on('disconnect', () => process.exit(0));
const servers = {
  own: () => startOwnServer(),
  'own-tls': () => startOwnServer(makeCertificate()),
  'grpc-js': startGrpcJsServer,
};
process.send({ port: role === 'server' ? await servers[kind]() : undefined });
