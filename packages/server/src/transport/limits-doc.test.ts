import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHUNK_QUEUE_BYTES_MAX } from './chunk-queue.js';
import { FRAME_BYTES_MAX, HANDSHAKE_FRAME_BYTES_MAX } from './frame.js';
import { CLIENT_ADDRESS_BYTES_MAX, VERSION_BYTES_MAX, ZONE_BYTES_MAX } from './handshake-codec.js';
import { CONTROL_RESERVE_BYTES } from './outbox.js';
import { LINKS_PER_PEER_MAX } from './peer-transport.js';
import { SNAPSHOT_FRAME_BYTES_MAX } from './snapshot-frames.js';
import { TRANSPORT_DEFAULTS } from './transport-options.js';

const { handshakesMax, handshakeMsMax, silenceMsMax, redialMsMax, snapshotsMax } = TRANSPORT_DEFAULTS;

test('S9: docs/limits.md tells each limit between nodes as the code has it', () => {
  const doc = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
  const table = doc.split('\n\n').find((block) => block.startsWith('| limit between nodes |'));
  const listed = table
    ?.trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ').slice(0, 2).join(' | '));
  const all = {
    FRAME_BYTES_MAX,
    HANDSHAKE_FRAME_BYTES_MAX,
    handshakesMax,
    handshakeMsMax,
    LINKS_PER_PEER_MAX,
    silenceMsMax,
    redialMsMax,
    CONTROL_RESERVE_BYTES,
    snapshotsMax,
    SNAPSHOT_FRAME_BYTES_MAX,
    CHUNK_QUEUE_BYTES_MAX,
    CLIENT_ADDRESS_BYTES_MAX,
    ZONE_BYTES_MAX,
    VERSION_BYTES_MAX,
  };
  const wanted = Object.entries(all).map(([name, value]) => `| \`${name}\` | ${value}`);
  assert.deepEqual(listed, wanted);
});
