/** The completion script for fish. */
import { allCommands, type CompletedCommand, type CompletedOption, type CompletedValue } from './command-tree.js';
import { readWalk } from './walk.js';

/** The script. */
export function fishScript(root: CompletedCommand): string {
  const { steps, valueOptions } = readWalk(root);
  const { name } = root;
  return `# Completion of ${name} for fish. Made by: ${name} completion fish
function __${name}_path
    set -l path ${name}
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$path $word"
            case ${steps.map(quoted).join(' ')}
                set path "$path $word"
            case ${valueOptions.map(quoted).join(' ')}
                set skip 1
        end
    end
    echo $path
end
function __${name}_at
    test (__${name}_path) = "$argv[1]"
end
complete -c ${name} -e
complete -c ${name} -f
${allCommands(root)
  .flatMap((command) => commandLines(name, command))
  .join('\n')}
`;
}

function commandLines(program: string, { path, options, commands, arguments: args }: CompletedCommand): string[] {
  const head = `complete -c ${program} -n ${quoted(`__${program}_at ${quoted(path)}`)}`;
  return [
    ...commands.map(({ name, description }) => `${head} -a ${name} -d ${quoted(description)}`),
    ...args.flatMap((value) => argumentLines(head, value)),
    ...options.map((option) => `${head} ${optionFlags(option)}`),
  ];
}

function argumentLines(head: string, { isFile, words }: CompletedValue): string[] {
  if (isFile) return [`${head} -F`];
  return words.length === 0 ? [] : [`${head} -a ${quoted(words.join(' '))}`];
}

function optionFlags({ names, description, value, isValueOptional }: CompletedOption): string {
  const written = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...written, ...valueFlags(value, isValueOptional), '-d', quoted(description)].join(' ');
}

function valueFlags(value: CompletedValue | undefined, isOptional: boolean): string[] {
  if (value === undefined) return [];
  const words = value.words.length === 0 ? [] : ['-a', quoted(value.words.join(' '))];
  if (isOptional) return words;
  return value.isFile ? ['-r', '-F'] : ['-x', ...words];
}

/** Text as one word in single quotes, as fish reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
