/** Both directions against Node's own HTTP/2 (nghttp2), over a connection in memory, with table sizes that change under way. */
import assert from 'node:assert/strict';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { ByteSink } from '../base/byte-sink.js';
import type { HeaderList } from '../base/header-list.js';
import { HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';

const HEADERS = 1;
const SETTINGS = 4;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const HEADER_TABLE_SIZE = 1;

/** The raw end of a connection whose other end is a Node server. */
class RawClient {
  readonly duplex: Duplex;
  readonly #encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  readonly #decoder = new HpackDecoder({ tableBytesMax: 4_096, headerListBytesMax: 1 << 20 });
  readonly #sizesInFlight: (number | undefined)[] = [undefined];
  readonly #lists: (HeaderList | undefined)[] = [];
  #waiting: (() => void) | undefined;
  #received = Buffer.alloc(0);
  #block = Buffer.alloc(0);
  #nextStream = 1;

  constructor() {
    this.duplex = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        this.#received = Buffer.concat([this.#received, bytes]);
        this.#readFrames();
        done();
      },
    });
    this.duplex.push('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.#sendFrame(SETTINGS, 0, 0, Buffer.alloc(0));
  }

  sendTableSize(bytesMax: number): void {
    const payload = Buffer.alloc(6);
    payload.writeUInt16BE(HEADER_TABLE_SIZE, 0);
    payload.writeUInt32BE(bytesMax, 2);
    this.#sizesInFlight.push(bytesMax);
    this.#sendFrame(SETTINGS, 0, 0, payload);
  }

  sendRequest(list: HeaderList): void {
    const sink = new ByteSink();
    this.#encoder.encode(list, sink);
    this.#sendFrame(HEADERS, END_STREAM | END_HEADERS, this.#nextStream, Buffer.from(sink.view()));
    this.#nextStream += 2;
  }

  async nextResponse(): Promise<HeaderList | undefined> {
    while (this.#lists.length === 0) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.#lists.shift();
  }

  #sendFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.duplex.push(Buffer.concat([head, payload]));
  }

  #readFrames(): void {
    while (this.#received.length >= 9) {
      const length = this.#received.readUIntBE(0, 3);
      if (this.#received.length < 9 + length) return;
      const [type = 0, flags = 0] = this.#received.subarray(3, 5);
      this.#onFrame(type, flags, this.#received.subarray(9, 9 + length));
      this.#received = this.#received.subarray(9 + length);
    }
  }

  #onFrame(type: number, flags: number, payload: Buffer): void {
    if (type === SETTINGS) return this.#onSettings(flags, payload);
    if (type !== HEADERS && type !== CONTINUATION) return;
    this.#block = Buffer.concat([this.#block, payload]);
    if ((flags & END_HEADERS) === 0) return;
    this.#lists.push(this.#decoder.decode(this.#block));
    this.#block = Buffer.alloc(0);
    this.#waiting?.();
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & 1) !== 0) {
      const acknowledged = this.#sizesInFlight.shift();
      if (acknowledged !== undefined) this.#decoder.setTableBytesMax(acknowledged);
      return;
    }
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) this.#encoder.setTableBytesMax(payload.readUInt32BE(at + 2));
    }
    this.#sendFrame(SETTINGS, 1, 0, Buffer.alloc(0));
  }
}

/** Small numbers from a seed, the same in every run. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomFields(below: (limit: number) => number, octetsUpTo: number): string[] {
  const list: string[] = [];
  for (let field = below(8); field >= 0; field--) {
    const name = below(5) === 0 ? 'authorization' : `x-${'abcdefgh'.slice(0, 1 + below(8))}`;
    const octets = Array.from(
      { length: below(10) === 0 ? below(2_000) : below(20) },
      () => 0x21 + below(octetsUpTo - 0x21),
    );
    const value =
      below(3) === 0 ? `common-${below(4)}` : String.fromCharCode(...octets.filter((each) => each !== 0x7f));
    if (!list.includes(name)) list.push(name, value);
  }
  return list;
}

test("Node's HTTP/2 reads what we encode, and we read what it encodes", async () => {
  const server = http2.createServer({ settings: { headerTableSize: 1_000 } });
  const requests: string[][] = [];
  const below = chance(20_241);
  const answers: string[][] = [];
  const onStream = (
    stream: ServerHttp2Stream,
    _headers: unknown,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => {
    requests.push([...rawHeaders]);
    const fields = randomFields(below, 0x7f);
    answers.push([':status', '200', ...fields]);
    const headers: Record<string, string> = {};
    for (let at = 0; at < fields.length; at += 2) headers[fields[at] ?? ''] = fields[at + 1] ?? '';
    stream.respond({ ':status': 200, ...headers }, { endStream: true });
  };
  server.on('stream', onStream);
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (each: ServerHttp2Session) => sessions.push(each));
  const client = new RawClient();
  server.emit('connection', client.duplex);
  const [session] = sessions;
  assert.ok(session !== undefined);
  for (let round = 0; round < 400; round++) {
    if (round % 50 === 20) session.settings({ headerTableSize: below(5_000) });
    if (round % 50 === 40) client.sendTableSize(below(5_000));
    const pseudo = [':method', 'POST', ':scheme', 'http', ':path', `/p/${below(9)}`, ':authority', 'here'];
    const list = [...pseudo, ...randomFields(below, 0x100)];
    client.sendRequest(list);
    const response = await client.nextResponse();
    assert.deepEqual(requests.at(-1), list, `request ${round}`);
    const sent = asRecord(answers.at(-1));
    const { date: _received, ...received } = asRecord(response);
    assert.deepEqual(received, sent, `response ${round}`);
  }
  session.destroy();
});

function asRecord(list: HeaderList | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at < (list?.length ?? 0); at += 2) record[list?.[at] ?? ''] = list?.[at + 1] ?? '';
  return record;
}
