/** `kvorum completion`: prints the script that lets a shell complete the command. */
import { Argument, Command } from 'commander';
import { bashScript } from '../completion/bash.js';
import { type CompletedCommand, readCommandTree } from '../completion/command-tree.js';
import { fishScript } from '../completion/fish.js';
import { zshScript } from '../completion/zsh.js';
import type { Terminal } from '../terminal.js';

const scripts: Readonly<Record<string, (root: CompletedCommand) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const examples = `
Examples:
  kvorum completion bash > /etc/bash_completion.d/kvorum  for everybody on this machine
  source <(kvorum completion bash)                        for this shell; in ~/.bashrc for all
  source <(kvorum completion zsh)                         after compinit; in ~/.zshrc for all
  kvorum completion fish > ~/.config/fish/completions/kvorum.fish`;

/** `kvorum completion <shell>`. */
export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .summary('print the script for completion in a shell')
    .description('Prints a script, made from the commands and options of this version, that completes them in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .addHelpText('after', examples)
    .action((shell: string, _flags: object, self: Command) => {
      const root = self.parent ?? self;
      terminal.stdout.write(scripts[shell]?.(readCommandTree(root)) ?? '');
    });
}
