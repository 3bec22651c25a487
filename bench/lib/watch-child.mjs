// Many watches on one node, in a process of their own: `node watch-child.mjs PORT COUNT`. Tells when all are open, and how many events came when asked.
import process from 'node:process';
import {
  bytesCodec,
  createRealClock,
  createRuntime,
  GrpcClient,
  socketConnector,
} from '../../packages/grpc/dist/index.js';
import { planOf } from './watch-plan.mjs';
import { decodeWatchResponse, encodeWatchRequest } from '../../packages/protocol/dist/kvorum/v1/watch.js';

const PER_CONNECTION = 200;
const [port, count] = process.argv.slice(2).map(Number);
const runtime = createRuntime(createRealClock());
const watchMethod = { path: '/kvorum.v1.KV/Watch', request: bytesCodec, response: bytesCodec };
const clients = [];
let events = 0;
let longestMs = 0;

async function open(n) {
  if (n % PER_CONNECTION === 0) {
    clients.push(new GrpcClient({ runtime, connector: socketConnector({ host: '127.0.0.1', port }) }));
  }
  const { isLazy, prefix } = planOf(n);
  const responses = clients.at(-1).serverStream(watchMethod, encodeWatchRequest({ prefix: Buffer.from(prefix) }));
  await responses.next();
  if (!isLazy) void read(responses);
}

async function read(responses) {
  try {
    for await (const bytes of responses) {
      const { events: some } = decodeWatchResponse(bytes);
      events += some.length;
      // The value tells when the put was sent.
      for (const { kv } of some)
        longestMs = Math.max(longestMs, Date.now() - Number.parseInt(Buffer.from(kv.value).latin1Slice(0, 16), 10));
    }
  } catch (error) {
    process.send({ error: String(error) });
  }
}

process.on('message', () => process.send({ events, longestMs }));
process.on('disconnect', () => process.exit(0));
for (let n = 0; n < count; n += 1) await open(n);
process.send({ isOpen: true });
