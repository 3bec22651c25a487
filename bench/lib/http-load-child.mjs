/** The process behind `httpLoad`: one message in, what to ask; one message out, what came of it. */
import { connect } from 'node:net';
import { median, percentile } from './report.mjs';

const VALUE_BYTES = 256;

process.once('message', async (load) => {
  const result = await run(load);
  process.send(result, () => process.disconnect());
});

async function run({ ports, connections, seconds, method, keys, query }) {
  const tail = `HTTP/1.1\r\nHost: bench\r\n${method === 'PUT' ? `Content-Length: ${VALUE_BYTES}\r\n` : ''}\r\n${
    method === 'PUT' ? 'v'.repeat(VALUE_BYTES) : ''
  }`;
  const latencies = [];
  let next = 0;
  let failures = 0;
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1000;
  const request = () =>
    performance.now() < untilMs ? `${method} /kv/bench-${next++ % keys}${query} ${tail}` : undefined;
  const onAnswer = (ms, status) => {
    latencies.push(ms);
    if (status >= 300) failures += 1;
  };
  await Promise.all(
    Array.from({ length: connections }, (_, i) => runConnection(ports[i % ports.length], request, onAnswer)),
  );
  const elapsed = (performance.now() - startMs) / 1000;
  return {
    requests: latencies.length,
    rate: latencies.length / elapsed,
    p50Ms: median(latencies),
    p99Ms: percentile(latencies, 0.99),
    failures,
  };
}

function runConnection(port, nextRequest, onAnswer) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received = Buffer.alloc(0);
    let sentMs = 0;
    const send = () => {
      const request = nextRequest();
      if (request === undefined) {
        socket.end();
        resolve();
        return;
      }
      sentMs = performance.now();
      socket.write(request, 'latin1');
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = parseAnswer(received);
      if (answer === undefined) return;
      received = received.subarray(answer.bytes);
      onAnswer(performance.now() - sentMs, answer.status);
      send();
    });
  });
}

/** Status and size of a complete answer at the start of `bytes`; undefined when more must come. */
function parseAnswer(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.latin1Slice(0, end).toLowerCase();
  const at = head.indexOf('content-length:');
  const length = at < 0 ? 0 : Number.parseInt(head.slice(at + 15), 10);
  const total = end + 4 + length;
  return bytes.length < total ? undefined : { bytes: total, status: Number(head.slice(9, 12)) };
}
