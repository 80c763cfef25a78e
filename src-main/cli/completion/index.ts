/** `nightshift completion SHELL`, and the call that its script makes. */
import { Argument, type Command } from 'commander';
import type { Run } from '../program.ts';
import { exitCode, show } from '../session.ts';
import { completionScripts, type Shell, SHELLS } from './scripts.ts';

export { complete } from './complete.ts';

/** Before the options of the program are read: the words are those of another command line. */
export const COMPLETE = 'complete';

/** The words of `complete [--next] -- WORDS`. Pure. */
export function wordsToComplete(args: readonly string[]): readonly string[] {
  const start = args.indexOf('--');
  const words = start === -1 ? [] : args.slice(start + 1);
  return args.slice(0, start).includes('--next') ? [...words, ''] : words;
}

export function addCompletionCommands(program: Command, run: Run): void {
  // Handled before the options are read; registered so that its name can't mean something else.
  program.command(COMPLETE, { hidden: true }).argument('[words...]').allowUnknownOption();
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'shell').choices(SHELLS))
    .description(
      'Print a script that completes commands, options, settings and ids in a shell; its first line says how to load it',
    )
    .action((shell: Shell) =>
      run((session) => {
        const script = completionScripts[shell];
        show(session, { shell, script }, script, { isData: true });
        return Promise.resolve(exitCode.ok);
      }),
    );
}
