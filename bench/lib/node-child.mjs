/** One node of a measured cluster; ends when told or when its parent is gone. Told `begin` and `end` it measures its event loop and its memory in between. */
import { dedicateHeap, startNode } from '../../packages/server/dist/index.js';
import { sampleLoopDelay } from './loop-delay.mjs';

// As `kvorum serve` does.
dedicateHeap();

let endSampling;

function begin() {
  endSampling = sampleLoopDelay();
  process.send({ ownBytes: ownBytes() });
}

function finish() {
  process.send({ ownBytes: ownBytes(), delay: endSampling() });
}

/** The heap and the buffers beside it. Not pages of the store's file: these are the operating system's, which takes them back. */
function ownBytes() {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}

try {
  const node = await startNode(JSON.parse(process.argv[2]));
  process.send({ clientAddress: node.clientAddress });
  const end = async () => {
    await node.close();
    process.exit(0);
  };
  process.on('message', (message) => {
    if (message === 'begin') begin();
    else if (message === 'end') finish();
    else void end();
  });
  process.on('disconnect', end);
} catch (error) {
  process.send({ error: String(error) });
}
