// What the transport costs: two nodes in this process over loopback sockets, so CPU per message is that of sender and receiver together.
// Usage: node bench/transport.mjs [seconds per load]
import { newMessage } from '../packages/core/dist/raft/message.js';
import { createRealEnv } from '../packages/server/dist/env/real-env.js';
import { silentLog } from '../packages/server/dist/env/silent-log.js';
import { PeerTransport } from '../packages/server/dist/transport/peer-transport.js';
import { TRANSPORT_DEFAULTS } from '../packages/server/dist/transport/transport-options.js';
import { usedBy } from './lib/cpu.mjs';
import { figure } from './lib/report.mjs';

const seconds = Number(process.argv[2] ?? 1);
const LOOPBACK = { host: '127.0.0.1', port: 0 };

function makeRegistry() {
  const known = new Map();
  const confirmed = new Set();
  return {
    lookup: (id) => known.get(id),
    register: async (id, incarnation) => void known.set(id, incarnation),
    isConfirmed: (id) => confirmed.has(id),
    confirm: async (id) => void confirmed.add(id),
    isComplete: () => confirmed.size === 1,
  };
}

function makeHandler(onMessage) {
  const ignore = () => {};
  return {
    onMessage,
    onForward: ignore,
    onAnswer: ignore,
    onSnapshot: async () => false,
    onConnected: ignore,
    onDisconnected: ignore,
    onDialRefused: ignore,
    onRefusedBy: ignore,
  };
}

function makeTransport(env, nodeId, peers) {
  const incarnation = `000000000000000${nodeId}`;
  const identity = { clusterId: '0123456789abcdef', epoch: 1, nodeId, incarnation, clientAddress: '' };
  const options = { ...TRANSPORT_DEFAULTS, listen: LOOPBACK, peers };
  return new PeerTransport({ env, identity, registry: makeRegistry() }, options);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const env = createRealEnv({ log: silentLog });
let received = 0;
const two = makeTransport(env, 2, new Map([[1, LOOPBACK]]));
const address = await two.start(makeHandler(() => (received += 1)));
const one = makeTransport(env, 1, new Map([[2, address]]));
await one.start(makeHandler(() => {}));
while (!(one.isFormed && two.isFormed && one.isConnected(2) && two.isConnected(1))) await turn();

/** Sends `perTurn` messages each turn, with at most `inFlight` not yet received, and prints rate and CPU. */
async function measure(title, makeMessage, perTurn, inFlight) {
  const message = makeMessage();
  let sent = 0;
  received = 0;
  const run = async (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (let n = 0; n < perTurn && sent - received < inFlight; n += 1) if (one.send(2, n, message)) sent += 1;
      one.flush();
      await turn();
    }
    while (received < sent) await turn();
  };
  await run(300);
  sent = received = 0;
  const used = await usedBy(() => run(seconds * 1000));
  figure(`transport: ${title}`, (received / used.wall) * 1e6, '/s');
  figure(`transport: ${title}, CPU of both ends`, used.all / received, 'µs each');
}

function append(bytes) {
  const message = newMessage('MsgApp', 2, 1);
  message.term = 3;
  message.index = 1000;
  message.entries = [{ term: 3, index: 1001, type: 'normal', data: new Uint8Array(bytes) }];
  return message;
}

await measure('MsgApp, one entry of 16 KiB, 1 per turn', () => append(16384), 1, 8);
await measure('MsgApp, one entry of 16 KiB, 8 per turn', () => append(16384), 8, 64);
await measure('MsgApp, one entry of 64 KiB, 1 per turn', () => append(65536), 1, 8);
await measure('MsgApp, one entry of 300 bytes, 100 per turn', () => append(300), 100, 1000);
await measure('MsgAppResp, 1 per turn', () => newMessage('MsgAppResp', 2, 1), 1, 8);
await measure('MsgAppResp, 100 per turn', () => newMessage('MsgAppResp', 2, 1), 100, 1000);
await measure('MsgHeartbeat, 1,000 shards per turn', () => newMessage('MsgHeartbeat', 2, 1), 1000, 10000);
await Promise.all([one.close(), two.close()]);
