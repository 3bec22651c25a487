/** One node of a measured cluster; ends when told or when its parent is gone. Told `begin` and `end` it measures its event loop and its memory in between. */
import { dedicateHeap, startNode } from '../../packages/server/dist/index.js';
import { sampleLoopDelay } from './loop-delay.mjs';

// As `kvorum serve` does.
dedicateHeap();

let endSampling;

function begin() {
  endSampling = sampleLoopDelay();
  process.send({ rssBytes: process.memoryUsage.rss() });
}

function finish() {
  process.send({ rssBytes: process.memoryUsage.rss(), delay: endSampling() });
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
