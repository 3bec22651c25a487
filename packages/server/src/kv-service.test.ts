import { startNode } from './node.js';
import { MemoryKvService } from './service/testing/memory-kv-service.js';
import { kvServiceSuite } from './service/testing/kv-service-suite.js';

kvServiceSuite('memory', () => Promise.resolve({ kv: new MemoryKvService(), close: () => Promise.resolve() }));

kvServiceSuite('a node', async () => {
  const node = await startNode({ storage: 'memory', clientAddress: 'off' });
  await node.ready();
  return { kv: node.kv, close: () => node.close() };
});
