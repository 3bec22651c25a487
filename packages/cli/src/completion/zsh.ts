/** The completion script for zsh: to be sourced, or kept as `_kvorum` in a directory of `fpath`. */
import { allCommands, type CompletedCommand, type CompletedOption, type CompletedValue } from './command-tree.js';
import { patterns, quote, readWalk } from './walk.js';

/** The script. */
export function zshScript(root: CompletedCommand): string {
  const { steps, valueOptions } = readWalk(root);
  return `#compdef ${root.name}
# Completion of ${root.name} for zsh. Made by: ${root.name} completion zsh
_${root.name}() {
  local node=${root.name} word skip=
  local -a commands
  integer from=1 i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $skip ]]; then
      skip=
      continue
    fi
    case "$node $word" in
      (${patterns(steps)}) node="$node $word" from=$i ;;
      (${patterns(valueOptions)}) skip=1 ;;
    esac
  done
  # From here on the command that was reached stands where the line begins.
  words=("$words[1]" "\${(@)words[from + 1, -1]}")
  CURRENT=$((CURRENT - from + 1))
  case $node in
${allCommands(root).map(commandCase).join('\n')}
  esac
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then
  _${root.name} "$@"
else
  compdef _${root.name} ${root.name}
fi
`;
}

function commandCase({ path, options, commands, arguments: args }: CompletedCommand): string {
  const below = commands.map(({ name, description }) => quote(`${name}:${description}`));
  const specs = [...options.flatMap(optionSpecs), ...argumentSpecs(args, below.length > 0)];
  const head = below.length === 0 ? [] : [`      commands=(${below.join(' ')})`];
  return [`    (${quote(path)})`, ...head, `      _arguments ${specs.join(' ')}`, '      ;;'].join('\n');
}

function optionSpecs({ names, description, value, isValueOptional }: CompletedOption): string[] {
  const text = description.replaceAll(/[\\[\]]/g, '\\$&');
  return names.map((name) => {
    if (value === undefined) return quote(`${name}[${text}]`);
    // Any option with a value may stand there twice; which one must not is for the command to say.
    const written = name.startsWith('--') ? `${name}=` : `${name}+`;
    return quote(`*${written}[${text}]${isValueOptional ? '::' : ':'}${escaped(value.name)}:${action(value)}`);
  });
}

function argumentSpecs(args: readonly CompletedValue[], hasCommands: boolean): string[] {
  const [first, ...others] = args;
  const rest = others.map((value, at) => quote(`${at + 2}:${escaped(value.name)}:${action(value)}`));
  if (!hasCommands) return first === undefined ? [] : [quote(`1:${escaped(first.name)}:${action(first)}`), ...rest];
  const files = first?.isFile === true ? '; _files' : '';
  return [quote(`1:command:{ _describe -t commands command commands${files} }`), ...rest];
}

function action({ isFile, words }: CompletedValue): string {
  if (isFile) return '_files';
  return words.length === 0 ? ' ' : `(${words.map(escaped).join(' ')})`;
}

function escaped(text: string): string {
  return text.replaceAll(':', '\\:');
}
