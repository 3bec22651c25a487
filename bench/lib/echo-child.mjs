/** The other end of a round trip; ends with its parent. */
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => socket.on('error', () => {}).pipe(socket));
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit(0));
