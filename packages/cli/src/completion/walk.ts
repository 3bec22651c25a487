/**
 * How a script finds out which command a line has reached, the same way in every shell: word by word, where a word either leads one command deeper
 * or is an option whose value is the next word.
 */
import { allCommands, type CompletedCommand, type CompletedOption } from './command-tree.js';

export interface Walk {
  /** Path and word that lead to a command below: `kvorum demo kill`. */
  readonly steps: readonly string[];
  /** Path and option after which a value must come: `kvorum get --revision`. */
  readonly valueOptions: readonly string[];
}

/** What the walk through the tree knows. */
export function readWalk(root: CompletedCommand): Walk {
  const all = allCommands(root);
  const takesValue = ({ value, isValueOptional }: CompletedOption): boolean => value !== undefined && !isValueOptional;
  return {
    steps: all.filter((each) => each !== root).map(({ path }) => path),
    valueOptions: all.flatMap(({ path, options }) =>
      options.filter(takesValue).flatMap(({ names }) => names.map((name) => `${path} ${name}`)),
    ),
  };
}

/** Text as one word in single quotes, as bash and zsh read it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Texts as the patterns of one `case`, for bash and zsh. */
export function patterns(texts: readonly string[]): string {
  return texts.map(quote).join(' | \\\n        ');
}
