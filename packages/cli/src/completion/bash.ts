/** The completion script for bash. It needs nothing but bash ≥ 3.2, not even the bash-completion package. */
import { allCommands, type CompletedCommand, type CompletedOption, type CompletedValue } from './command-tree.js';
import { patterns, quote, readWalk } from './walk.js';

/** The script. */
export function bashScript(root: CompletedCommand): string {
  const { steps, valueOptions } = readWalk(root);
  const all = allCommands(root);
  const values = all.flatMap(({ path, options }) => options.flatMap((option) => valueCases(root.name, path, option)));
  return `# Completion of ${root.name} for bash. Made by: ${root.name} completion bash
_${root.name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" path=${root.name} at=0 skip= word i
  COMPREPLY=()
  # bash cuts --option=value into three words, and so at a colon.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    # What follows a = or a : belongs to the value before it.
    if [[ $word == [:=] ]]; then
      skip=1
      continue
    fi
    if [[ -n $skip ]]; then
      skip=
      continue
    fi
    case "$path $word" in
      ${patterns(steps)}) path="$path $word" at=0 ;;
      ${patterns(valueOptions)}) skip=1 ;;
      *) [[ $word == -* ]] || at=$((at + 1)) ;;
    esac
  done
  case "$path $prev" in
${values.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "$path" in
${all.map(({ path, options }) => `      ${quote(path)}) _${root.name}_words ${optionNames(options)} ;;`).join('\n')}
    esac
    return
  fi
  case "$path $at" in
${all.flatMap((command) => argumentCases(root.name, command)).join('\n')}
  esac
}
_${root.name}_words() {
  local word
  for word in "$@"; do [[ $word == "$cur"* ]] && COMPREPLY+=("$word"); done
}
_${root.name}_files() {
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}
complete -F _${root.name} ${root.name}
`;
}

function valueCases(program: string, path: string, { names, value, isValueOptional }: CompletedOption): string[] {
  if (value === undefined) return [];
  const pattern = names.map((name) => quote(`${path} ${name}`)).join(' | ');
  if (!isValueOptional) return [`    ${pattern}) ${[...actions(program, value), 'return'].join('; ')} ;;`];
  return value.words.length === 0 ? [] : [`    ${pattern}) ${actions(program, value).join('; ')} ;;`];
}

function argumentCases(program: string, { path, commands, arguments: args }: CompletedCommand): string[] {
  const names: CompletedValue = { name: 'command', isFile: false, words: commands.map(({ name }) => name) };
  const [own, ...others] = args;
  const first = [...actions(program, names), ...(own === undefined ? [] : actions(program, own))];
  return [first, ...others.map((value) => actions(program, value))].flatMap((run, at) =>
    run.length === 0 ? [] : [`    ${quote(`${path} ${at}`)}) ${run.join('; ')} ;;`],
  );
}

function actions(program: string, { isFile, words }: CompletedValue): string[] {
  if (isFile) return [`_${program}_files`];
  return words.length === 0 ? [] : [`_${program}_words ${words.map(quote).join(' ')}`];
}

function optionNames(options: readonly CompletedOption[]): string {
  return options.flatMap(({ names }) => names).join(' ');
}
