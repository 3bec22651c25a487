/** The command line of the crash test. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run crash-test -- [--rounds N] [--seed N] [--switch NAME] [--no-mutant]

  --rounds N     rounds against the real thing (default 30)
  --seed N       what is killed and when (default: drawn, and printed)
  --switch NAME  run only nodes that are wrong on purpose: ack-before-append (caught by killed processes) or
                 ack-before-sync (seldom caught here: what was written survives a process, only a power cut takes it)
  --no-mutant    leave out the rounds with ack-before-append at the end`;

/** Reads the arguments; throws an Error with words for a person. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '30' },
      seed: { type: 'string' },
      switch: { type: 'string' },
      'no-mutant': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: integer('--rounds', values.rounds, 1, 1000),
    seed:
      values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : integer('--seed', values.seed, 0, 2 ** 32 - 1),
    testSwitch: values.switch,
    withMutant: !values['no-mutant'] && values.switch === undefined,
    isHelp: values.help,
  };
}

function integer(name, text, min, max) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new Error(`${name} is "${text}"; allowed is an integer from ${min} to ${max}`);
}
