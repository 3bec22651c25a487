// N6: codecs name each field. What asks an object for its fields, or makes code of text, is slow and has no place on the hot path.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { root } from './lib/root.mjs';
import { isCode, isTest, listFiles, parse, readFiles, visit } from './lib/source.mjs';

/** Folders and files of codecs. */
const CODECS = [
  /^packages\/protocol\/src\/(api|google|kvorum|wire)\//,
  /^packages\/core\/src\/kv\/(command|entry-codec|outcome|key-value|record|session-codec|meta|side-row)\.ts$/,
  /^packages\/core\/src\/raft\/confchange\/codec\.ts$/,
  /^packages\/server\/src\/transport\/([a-z]+-codec|frame|records|snapshot-frames|wire)\.ts$/,
  /^packages\/server\/src\/storage\/(wal\/record|wal\/payload|snapshot-format)\.ts$/,
  /^packages\/grpc\/src\/hpack\//,
  /^packages\/grpc\/src\/http2\/(frame|frame-reader|settings)\.ts$/,
  /^packages\/grpc\/src\/grpc\/(message-reader|message-writer|timeout)\.ts$/,
];
const OF_OBJECT = new Set([
  'keys',
  'values',
  'entries',
  'assign',
  'fromEntries',
  'getOwnPropertyNames',
  'defineProperty',
]);

/** Lines on which a codec looks at what an object has instead of naming it. */
function reflections(file) {
  const found = [];
  visit(parse(file).program, (node) => {
    const isLoop = node.type === 'ForInStatement';
    const { object, property } = node.type === 'MemberExpression' ? node : {};
    const isLook = object?.name === 'Object' && OF_OBJECT.has(property?.name);
    const isReflect = object?.name === 'Reflect' || (object?.name === 'JSON' && node.type === 'MemberExpression');
    const called = node.type === 'NewExpression' || node.type === 'CallExpression' ? node.callee?.name : undefined;
    const isCode = called === 'Function' || called === 'eval' || called === 'Proxy';
    if (isLoop || isLook || isReflect || isCode)
      found.push(`${file.path}: ${file.text.slice(node.start, node.end).slice(0, 60)}`);
  });
  return found;
}

test('N6: no codec asks objects for their fields, or makes code of text', () => {
  const paths = listFiles(root).filter(
    (path) => isCode(path) && !isTest(path) && CODECS.some((codec) => codec.test(path)),
  );
  for (const codec of CODECS)
    assert.ok(
      paths.some((path) => codec.test(path)),
      `${codec} is gone`,
    );
  assert.deepEqual(readFiles(root, paths).flatMap(reflections), []);
});

test('N6: what would be reflection is found', () => {
  const found = (text) => reflections({ path: 'a.ts', text }).length;
  assert.equal(found('for (const name in message) write(message[name]);'), 1);
  assert.equal(found('Object.keys(message).forEach(write);'), 1);
  assert.equal(found('const write = new Function("message", text);'), 1);
  assert.equal(found('Reflect.get(message, name); JSON.stringify(message);'), 2);
  assert.equal(found('writer.bytes(1, message.key);'), 0);
});
