/** One node of a measured cluster; ends when told or when its parent is gone. */
import { dedicateHeap, startNode } from '../../packages/server/dist/index.js';

// As `kvorum serve` does.
dedicateHeap();

try {
  const node = await startNode(JSON.parse(process.argv[2]));
  process.send({ clientAddress: node.clientAddress });
  const end = async () => {
    await node.close();
    process.exit(0);
  };
  process.on('message', end);
  process.on('disconnect', end);
} catch (error) {
  process.send({ error: String(error) });
}
