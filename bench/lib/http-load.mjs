/** A closed loop of HTTP/1.1 requests on kept connections: one request under way per connection. Written on bare sockets to cost little. */
import { connect } from 'node:net';

/**
 * @param options.ports client ports on loopback; connections are spread over them
 * @param options.request (i) => {method, path, body?}
 */
export async function httpLoad({ ports, connections, seconds, request }) {
  const latencies = [];
  let next = 0;
  let failures = 0;
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1000;
  const work = Array.from({ length: connections }, (_, i) => {
    const port = ports[i % ports.length];
    return runConnection(
      port,
      () => (performance.now() < untilMs ? request(next++) : undefined),
      (ms, status) => {
        latencies.push(ms);
        if (status >= 300) failures += 1;
      },
    );
  });
  await Promise.all(work);
  const elapsed = (performance.now() - startMs) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { requests: latencies.length, rate: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), failures };
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
      const { method, path, body } = request;
      const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
      sentMs = performance.now();
      socket.cork();
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${length}\r\n`);
      if (body !== undefined) socket.write(body);
      socket.uncork();
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
