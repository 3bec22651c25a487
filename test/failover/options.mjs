/** The command line of the failover test. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run failover-test -- [--increments N] [--kills N] [--seed N] [--keep DIR]

  --increments N  increments by compare-and-set, in all (default 100000)
  --kills N       leaders killed while they are made (default 10)
  --seed N        when they are killed, and for how long (default: drawn, and printed)
  --keep DIR      put the histories, one file per key, there for \`npm run check-history\``;

/** Reads the arguments; throws an Error with words for a person. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      increments: { type: 'string', default: '100000' },
      kills: { type: 'string', default: '10' },
      seed: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    increments: integer('--increments', values.increments, 100, 10_000_000),
    kills: integer('--kills', values.kills, 0, 1000),
    seed:
      values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : integer('--seed', values.seed, 0, 2 ** 32 - 1),
    keep: values.keep,
    isHelp: values.help,
  };
}

function integer(name, text, min, max) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new Error(`${name} is "${text}"; allowed is an integer from ${min} to ${max}`);
}
