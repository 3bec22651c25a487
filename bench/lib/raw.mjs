// What the machine itself takes, measured in the run whose figures stand beside it: a durable write, a round trip, a turn of the event loop.
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const zeroedBytes = 8 * 1024 * 1024;

/** A preallocated file; `append()` writes `bytes` at the next place, syncs, and gives the time it took in ms. */
export function openBareLog(path, bytes) {
  const fd = openSync(path, 'w+');
  const zeros = new Uint8Array(zeroedBytes);
  writeSync(fd, zeros);
  fsyncSync(fd);
  const data = new Uint8Array(bytes).fill(7);
  let position = 0;
  return {
    append() {
      if (position + bytes > zeroedBytes) position = 0;
      const start = performance.now();
      writeSync(fd, data, 0, bytes, position);
      fdatasyncSync(fd);
      position += bytes;
      return performance.now() - start;
    },
    close: () => closeSync(fd),
  };
}

/** Times in ms of `count` round trips of `bytes` over loopback TCP to another process that echoes. */
export async function loopbackRoundTrips(count, bytes) {
  const child = fork(fileURLToPath(new URL('./echo-child.mjs', import.meta.url)));
  try {
    const port = await new Promise((resolve, reject) => child.once('message', resolve).once('exit', reject));
    return await pingPong(port, count, bytes);
  } finally {
    child.disconnect();
  }
}

function pingPong(port, count, bytes) {
  return new Promise((resolve, reject) => {
    const times = [];
    const data = Buffer.alloc(bytes, 7);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentMs = 0;
    let missing = 0;
    const send = () => {
      missing = bytes;
      sentMs = performance.now();
      socket.write(data);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      times.push(performance.now() - sentMs);
      if (times.length < count) return send();
      socket.destroy();
      resolve(times);
    });
  });
}

/** Times in ms of `count` empty turns of the event loop. */
export async function emptyTurns(count) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const start = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    times.push(performance.now() - start);
  }
  return times;
}
