import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync as zlibGzip } from 'node:zlib';
import { gzip, gzipSync } from '../node/gzip.js';
import { acceptedEncodings, parseAcceptEncoding } from './encoding.js';
import { isGrpcContentType, isTeTrailers } from './header-checks.js';
import { Status } from './status.js';

const bytesMax = 4 * 1_024 * 1_024;

test('messages of all sizes survive gzip, small ones at once', async () => {
  for (const compression of [gzip, gzipSync]) {
    for (const size of [0, 1, 1_000, 65_536, 65_537, 1_000_000]) {
      const message = Uint8Array.from(randomBytes(size));
      const compressed = compression.compress(message);
      assert.equal(compressed instanceof Promise, compression === gzip && size > 65_536);
      assert.deepEqual(Uint8Array.from(await compression.decompress(await compressed, bytesMax)), message);
    }
  }
});

test('S1: a gzip bomb is stopped at the cap, at the limit it passes', async () => {
  for (const compression of [gzip, gzipSync]) {
    for (const size of [10, 50_000, 1_000_000]) {
      const bomb = zlibGzip(new Uint8Array(size));
      assert.equal((await compression.decompress(bomb, size)).length, size);
      await assert.rejects(async () => compression.decompress(bomb, size - 1), { code: Status.RESOURCE_EXHAUSTED });
      await assert.rejects(async () => compression.decompress(bomb, 0), { code: Status.RESOURCE_EXHAUSTED });
    }
  }
});

test('S1: gzip cut or changed at any octet is an error or what was sent', async () => {
  const good = zlibGzip(Buffer.from('some message, some message'));
  const outcomes = new Set<string>();
  const attempt = async (bytes: Uint8Array): Promise<void> => {
    try {
      await gzip.decompress(bytes, 1_000);
      outcomes.add('decoded');
    } catch (error) {
      outcomes.add(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
  };
  for (let at = 0; at < good.length; at++) {
    await attempt(good.subarray(0, at));
    for (let bit = 0; bit < 8; bit++) {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      await attempt(changed);
    }
  }
  outcomes.delete(String(Status.RESOURCE_EXHAUSTED));
  assert.deepEqual([...outcomes].sort(), [String(Status.INTERNAL), 'decoded']);
});

test('encodings are named and parsed', () => {
  assert.equal(acceptedEncodings([gzip]), 'identity,gzip');
  assert.deepEqual(parseAcceptEncoding(' identity, GZIP,,deflate '), ['identity', 'gzip', 'deflate']);
});

test('a gRPC request is known by its content type and te', () => {
  const good = ['application/grpc', 'application/grpc+proto', 'application/grpc+json', 'Application/gRPC; charset=x'];
  const bad = ['', 'application/json', 'application/grpc-web', 'application/grpc-web+proto', 'application/grpcx'];
  for (const text of good) assert.ok(isGrpcContentType(text), text);
  for (const text of bad) assert.ok(!isGrpcContentType(text), text);
  assert.ok(isTeTrailers('trailers') && isTeTrailers('gzip, Trailers'));
  assert.ok(!isTeTrailers('') && !isTeTrailers('gzip'));
});
