/** A node of one in a process of its own: prints its client address, ends when its standard input does. Arguments: data directory, and maybe `ack-before-sync`. */
import { startNode } from '../node.js';

const [dataDir = '', mutant] = process.argv.slice(2);
const options = { dataDir, clientAddress: '127.0.0.1:0', diskReserveBytes: 0, walSegmentBytes: 1 << 20 };
const node = await startNode(options, { testing: { ackBeforeSync: mutant === 'ack-before-sync' } });
await node.ready();
process.stdout.write(`${node.clientAddress ?? ''}\n`);
process.stdin.resume();
process.stdin.once('end', () => void node.close());
