// A seed of the simulator has to mean the same run on every version of Node (R1). What the engine rounds as it likes, logarithms and powers,
// changed its last bit between versions of V8, so simulated code must not use it: sim/src/world/exact-math.ts has what is needed.
import { isCode, isTest, lineOf, parse, visit } from '../lib/source.mjs';

const FUNCTIONS = new Set(
  [
    'acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot',
    'log log10 log1p log2 pow sin sinh tan tanh',
  ].flatMap((names) => names.split(' ')),
);

export const title = 'exact numbers';

function inScope(path) {
  return /^packages\/(core|server|sim|grpc)\/src\//.test(path) && isCode(path) && !isTest(path);
}

/** The name of something inexact that a node uses, or undefined. Powers of whole constants are exact. */
function inexactName(node) {
  if (node.type === 'MemberExpression' && node.object.name === 'Math') {
    const name = node.computed ? node.property.value : node.property.name;
    return FUNCTIONS.has(name) ? `Math.${name}` : undefined;
  }
  const isPower = node.type === 'BinaryExpression' && node.operator === '**';
  return isPower && node.right.type !== 'Literal' && node.left.value !== 2 ? '**' : undefined;
}

/** Findings over `{ path, text }` files. */
export function check(files) {
  return files
    .filter((file) => inScope(file.path))
    .flatMap((file) => {
      const findings = [];
      visit(parse(file).program, (node) => {
        const name = inexactName(node);
        const line = lineOf(file.text, node.start);
        if (name !== undefined)
          findings.push({ path: file.path, line, message: `${name} differs between versions of Node` });
      });
      return findings;
    });
}
