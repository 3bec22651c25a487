/** The public face of `@kvorum/server`. */
export type { NodeOptions, OptionName, ResolvedNodeOptions } from './options/node-options.js';
export { OptionError, type OptionProblem } from './options/option-error.js';
export { resolveOptions } from './options/resolve-options.js';
