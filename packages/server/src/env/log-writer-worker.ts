/**
 * The log writer's thread: waits for a request in shared memory, writes, syncs, answers. Synchronous calls only; there is no loop here
 * that anything could delay. A failure is answered, and nothing is tried twice (R17).
 */
import { fdatasyncSync, writeSync } from 'node:fs';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { errorCode } from './disk-failure.js';
import { type MemoryMessage, ONE_SHOT, POSITION_BYTE, WORD, type WorkerMessage } from './log-writer-shared.js';

const memories = new Map<number, Uint8Array>();

if (parentPort !== null && workerData instanceof SharedArrayBuffer) serve(parentPort, workerData);

function serve(port: MessagePort, control: SharedArrayBuffer): void {
  const words = new Int32Array(control);
  const position = new Float64Array(control, POSITION_BYTE, 1);
  const answer = (message: WorkerMessage) => port.postMessage(message);
  answer({ kind: 'ready' });
  let seen = 0;
  for (;;) {
    Atomics.wait(words, WORD.request, seen);
    const request = Atomics.load(words, WORD.request);
    if (request === seen) continue;
    // Taken before the work: the next request may be raised the moment the answer is out.
    seen = request;
    if (words[WORD.isClosing] === 1) return;
    answer(append(port, words, position[0] ?? 0));
  }
}

function append(port: MessagePort, words: Int32Array, position: number): WorkerMessage {
  const fd = words[WORD.fd] ?? -1;
  const offset = words[WORD.offset] ?? 0;
  const length = words[WORD.length] ?? 0;
  let operation = 'write';
  try {
    const memory = findMemory(port, words[WORD.memory] ?? ONE_SHOT);
    for (let written = 0; written < length; ) {
      const count = writeSync(fd, memory, offset + written, length - written, position + written);
      if (count === 0) throw new Error('nothing was written');
      written += count;
    }
    operation = 'sync';
    fdatasyncSync(fd);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', operation, code: errorCode(error), message: String(error) };
  }
}

/** Messages are read only when an unknown memory is asked for: they were posted before the request. */
function findMemory(port: MessagePort, wanted: number): Uint8Array {
  for (;;) {
    const known = memories.get(wanted);
    if (known !== undefined) {
      if (wanted === ONE_SHOT) memories.delete(ONE_SHOT);
      return known;
    }
    const received: { message: MemoryMessage } | undefined = receiveMessageOnPort(port);
    if (received === undefined) throw new Error(`no memory ${wanted}`);
    memories.set(received.message.memory, new Uint8Array(received.message.buffer));
  }
}
