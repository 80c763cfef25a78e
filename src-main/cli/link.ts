/** `nightshift link | unlink`: the command in a folder of the user's PATH, only on request. */
import { access, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { COMMAND_NAME, Refusal } from '../contract/index.ts';
import {
  commandOnPath,
  type Installation,
  installationAt,
  type LinkFolder,
  linkFile,
  linkFolder,
  linkState,
  typedCommand,
  writeLink,
} from '../formats/command-link.ts';
import { programRoot } from './program-root.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

interface LinkOptions {
  readonly folder?: string;
  readonly ifAsked: boolean;
}

export function addLinkCommands(program: Command, run: Run): void {
  program
    .command('link')
    .description('Link the command into a folder of yours that is on PATH, by a small script')
    .option('--folder <folder>', 'folder to use (default: ~/.local/bin, or another on PATH)')
    .option('--if-asked', 'ask first; used by npm start', false)
    .action((options: LinkOptions) => run((session) => link(session, options)));
  program
    .command('unlink')
    .description('Remove what nightshift link wrote; nothing else is changed')
    .option('--folder <folder>', 'folder of the link (default: the one that link uses)')
    .action((options: { folder?: string }) =>
      run((session) => unlink(session, options.folder ?? null)),
    );
}

interface Place extends LinkFolder {
  readonly file: string;
  readonly installation: Installation;
}

async function placeFor(chosen: string | null): Promise<Place> {
  const { platform, env } = process;
  const folder = linkFolder(homedir(), env, platform, chosen === null ? null : resolve(chosen));
  return {
    ...folder,
    file: linkFile(folder.folder, platform),
    installation: await installationAt(programRoot(env), platform),
  };
}

const foreign = (file: string): Refusal =>
  new Refusal('INVALID', `${file} is a file that Nightshift did not write. It was not changed.`, {
    subject: file,
    next: 'Choose another folder with --folder, or remove that file yourself.',
  });

async function link(session: Session, options: LinkOptions): Promise<ExitCode> {
  const { folder, onPath, file, installation } = await placeFor(options.folder ?? null);
  const state = await linkState(file, installation);
  if (options.ifAsked) {
    const isOpen = state === 'none' && (await typedNow()) !== COMMAND_NAME;
    if (!isOpen || !(await isWanted(session, file))) return exitCode.ok;
  }
  await access(installation.script);
  if (state === 'foreign') throw foreign(file);
  if (state !== 'ours')
    await writeLink(file, installation).catch((error: unknown) => {
      // A link to nowhere, or a file that was written in this moment.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw foreign(file);
      throw error;
    });
  const first = await commandOnPath(process.env, process.platform);
  const hidden = onPath && first !== null && first !== file ? first : null;
  show(session, { file, state: 'linked', was: state, on_path: onPath, hidden_by: hidden }, () =>
    [
      state === 'ours'
        ? `${file} already starts this installation.`
        : `Wrote ${file}${state === 'other' ? ', which started another installation' : ''}. To undo: nightshift unlink`,
      ...(onPath ? [] : [pathHint(folder, process.platform)]),
      ...(hidden === null
        ? []
        : [`The shell finds ${hidden} first; it is not part of this installation.`]),
    ].join('\n'),
  );
  return exitCode.ok;
}

const typedNow = (): Promise<string> =>
  typedCommand(programRoot(process.env), process.env, process.platform, null);

/** No is the default: nothing is written outside the checkout without being asked for. */
async function isWanted({ terminal }: Session, file: string): Promise<boolean> {
  if (!terminal.canAsk) return false;
  const answer = await terminal.ask(
    terminal.typed(
      `Link the command ${COMMAND_NAME}? This writes ${file}; to undo: nightshift unlink [y/N] `,
    ),
  );
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** Pure. */
export const pathHint = (folder: string, platform: string): string =>
  platform === 'win32'
    ? `${folder} is not on PATH. To add it, run this in PowerShell and open a new terminal: [Environment]::SetEnvironmentVariable('Path', [Environment]::GetEnvironmentVariable('Path', 'User') + ';${folder}', 'User')`
    : `${folder} is not on PATH. To add it, put this line into the profile of your shell: export PATH="${folder}:$PATH"`;

async function unlink(session: Session, chosen: string | null): Promise<ExitCode> {
  const { file, installation } = await placeFor(chosen);
  const state = await linkState(file, installation);
  if (state === 'foreign') throw foreign(file);
  if (state !== 'none') await rm(file);
  show(
    session,
    { file, state: 'none', was: state },
    state === 'none' ? `There is no link at ${file}.` : `Removed ${file}.`,
  );
  return exitCode.ok;
}
