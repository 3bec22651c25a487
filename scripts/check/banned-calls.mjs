// Clocks, chance, timers, files and sockets come in through Env (requirement R1): core, server and grpc must not reach for Node's own outside
// server/src/env and grpc/src/node. Tests and testing/ folders may.
import { importsOf, isCode, isTest, lineOf, parse, visit } from '../lib/source.mjs';

const GLOBALS = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
]);
const MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'process.nextTick',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
]);
const CHANCE = new Set(['randomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues']);
const MODULES = new Set([
  'fs',
  'fs/promises',
  'net',
  'dgram',
  'tls',
  'timers',
  'timers/promises',
  'perf_hooks',
  'worker_threads',
]);

export const title = 'banned calls';

function inScope(path) {
  return (
    /^packages\/(core|server|grpc)\/src\//.test(path) &&
    !/^packages\/(server\/src\/env|grpc\/src\/node)\//.test(path) &&
    isCode(path) &&
    !isTest(path)
  );
}

const BARE = new Set(['Date', 'Math']);
const HANDING = new Set([
  'ArrayExpression',
  'ArrowFunctionExpression',
  'ReturnStatement',
  'SpreadElement',
  'ConditionalExpression',
]);

function isBareUse(node) {
  return node?.type === 'Identifier' && BARE.has(node.name);
}

/** As an argument, an element, a property or an answer. */
function isHandedOn(node, parent) {
  if (parent === undefined) return false;
  if (parent.type === 'CallExpression' || parent.type === 'NewExpression') return parent.callee !== node;
  if (parent.type === 'Property') return parent.value === node;
  return HANDING.has(parent.type);
}

/** The name of a banned thing that a node uses, or undefined. */
function bannedName(node, parent) {
  if (node.type === 'MemberExpression') {
    const property = node.computed ? node.property.value : node.property.name;
    const name = `${node.object.name ?? ''}.${property}`;
    if (MEMBERS.has(name) || CHANCE.has(property)) return name.replace(/^\./, '');
    return node.object.name === 'globalThis' && (GLOBALS.has(property) || property === 'Date') ? name : undefined;
  }
  if (node.type === 'Identifier' && (GLOBALS.has(node.name) || CHANCE.has(node.name))) {
    const isName = parent !== undefined && !parent.computed && (parent.property === node || parent.key === node);
    return isName ? undefined : node.name;
  }
  // Math and Date under another name, or taken apart, would carry their clock and chance past the names above.
  if (node.type === 'VariableDeclarator' && isBareUse(node.init)) return `${node.init.name} under another name`;
  if (node.type === 'AssignmentExpression' && isBareUse(node.right)) return `${node.right.name} under another name`;
  if (node.type === 'Identifier' && BARE.has(node.name) && isHandedOn(node, parent)) return `${node.name} handed on`;
  const isDate = (node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee.name === 'Date';
  return isDate && node.arguments.length === 0 ? 'Date without arguments' : undefined;
}

/** Findings over `{ path, text }` files. */
export function check(files) {
  return files
    .filter((file) => inScope(file.path))
    .flatMap((file) => {
      const findings = importsOf(file)
        .filter(({ specifier, typeOnly }) => !typeOnly && MODULES.has(specifier.replace(/^node:/, '')))
        .map(({ specifier, line }) => ({ path: file.path, line, message: `import of "${specifier}": use the Env` }));
      visit(parse(file).program, (node, parent) => {
        const name = bannedName(node, parent);
        if (name !== undefined) {
          findings.push({ path: file.path, line: lineOf(file.text, node.start), message: `${name}: use the Env` });
        }
      });
      return findings;
    });
}
