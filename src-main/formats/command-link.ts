/**
 * The link that makes `nightshift` a command: a small script in a folder of the user's PATH, which
 * starts the command line of this installation. Made and removed only on request.
 */
import { constants } from 'node:fs';
import { access, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_NAME } from '../contract/index.ts';

/** In every link; a file without it belongs to somebody else and is never touched. */
const MARK = 'Link to the Nightshift command line';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Installation {
  readonly platform: string;
  /** What starts the command line: `node` and the script of a checkout, or the files of a package. */
  readonly program: string;
  readonly script: string;
}

/** `root`: a checkout, or the folder of a package that holds `node`, `out` and `python-runtime`. */
export async function installationAt(root: string, platform: string): Promise<Installation> {
  const script = path.join(root, 'scripts', 'nightshift.mjs');
  if (await isFile(script)) return { platform, program: 'node', script };
  const node = path.join(root, 'node', 'bin', platform === 'win32' ? 'node.exe' : 'node');
  return { platform, program: node, script: path.join(root, 'out', 'cli', 'cli.mjs') };
}

/** Quoted for the shell where needed: POSIX, or cmd and PowerShell. Pure. */
export function quoted(text: string, platform: string): string {
  if (platform === 'win32') return /^[\w@%+=:,.\\/-]+$/.test(text) ? text : `"${text}"`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The content of the link. Pure. */
export function linkText({ platform, program, script }: Installation): string {
  if (platform === 'win32')
    // In a batch file % is special even in quotes.
    return [
      '@echo off',
      `rem ${MARK}. To remove it: nightshift unlink`,
      `"${program.replaceAll('%', '%%')}" "${script.replaceAll('%', '%%')}" %*`,
      '',
    ].join('\r\n');
  return [
    '#!/bin/sh',
    `# ${MARK}. To remove it: nightshift unlink`,
    `exec ${quoted(program, platform)} ${quoted(script, platform)} "$@"`,
    '',
  ].join('\n');
}

/** What to type while there is no link: relative where it can be. Pure. */
export function unlinkedCommand(
  { platform, program, script }: Installation,
  workingFolder: string | null,
): string {
  const rules = platform === 'win32' ? path.win32 : path.posix;
  const inside = workingFolder === null ? null : rules.relative(workingFolder, script);
  const shown = inside === null || inside.startsWith('..') ? script : inside;
  return `${quoted(program, platform)} ${quoted(shown, platform)}`;
}

/** The folders of PATH. Pure. */
function pathFolders(environment: Environment, platform: string): readonly string[] {
  const key = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const separator = platform === 'win32' ? ';' : ':';
  return (environment[key] ?? '').split(separator).filter((folder) => folder !== '');
}

export interface LinkFolder {
  readonly folder: string;
  readonly onPath: boolean;
}

/**
 * A folder of the user that is on PATH; otherwise the usual one, which has to be added to it. Pure.
 * Never a folder of the system: it would need another account, and be changed for everybody.
 */
export function linkFolder(
  home: string,
  environment: Environment,
  platform: string,
  chosen: string | null = null,
): LinkFolder {
  const rules = platform === 'win32' ? path.win32 : path.posix;
  const same = (folder: string): string => {
    const plain = rules.normalize(folder).replace(/[\\/]+$/, '');
    return platform === 'win32' ? plain.toLowerCase() : plain;
  };
  const listed = new Set(pathFolders(environment, platform).map(same));
  const usual = rules.join(home, '.local', 'bin');
  if (chosen !== null) return { folder: chosen, onPath: listed.has(same(chosen)) };
  const local = environment['LOCALAPPDATA'];
  const candidates = [
    usual,
    rules.join(home, 'bin'),
    ...(platform === 'win32' && local !== undefined
      ? [rules.join(local, 'Microsoft', 'WindowsApps')]
      : []),
  ];
  const found = candidates.find((folder) => listed.has(same(folder)));
  return { folder: found ?? usual, onPath: found !== undefined };
}

export const linkFile = (folder: string, platform: string): string =>
  path.join(folder, platform === 'win32' ? `${COMMAND_NAME}.cmd` : COMMAND_NAME);

const isFile = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => null))?.isFile() === true;

/** `foreign`: a file that is not a link of Nightshift. `other`: a link to another installation. */
export type LinkState = 'none' | 'ours' | 'other' | 'foreign';

/** Throws when the file is there but can't be read. */
export async function linkState(file: string, installation: Installation): Promise<LinkState> {
  try {
    // A link made by npm leads to the script itself.
    if ((await realpath(file)) === (await realpath(installation.script).catch(() => null)))
      return 'ours';
    const text = await readFile(file, 'utf8');
    if (text === linkText(installation)) return 'ours';
    return text.length < 4096 && text.includes(MARK) ? 'other' : 'foreign';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'none';
    throw error;
  }
}

const names = (platform: string): readonly string[] =>
  platform === 'win32' ? ['.exe', '.cmd', '.bat'].map((end) => COMMAND_NAME + end) : [COMMAND_NAME];

/** The file that the shell starts for `nightshift`; null when there is none. */
export async function commandOnPath(
  environment: Environment,
  platform: string,
): Promise<string | null> {
  for (const folder of pathFolders(environment, platform))
    for (const name of names(platform)) {
      const file = path.join(folder, name);
      if (!(await isFile(file))) continue;
      const runs = platform === 'win32' || (await isExecutable(file));
      if (runs) return file;
    }
  return null;
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** How the user can type the command: `nightshift`, if that starts this installation. */
export async function typedCommand(
  root: string,
  environment: Environment,
  platform: string,
  workingFolder: string | null,
): Promise<string> {
  const installation = await installationAt(root, platform);
  const file = await commandOnPath(environment, platform);
  const state = file === null ? 'none' : await linkState(file, installation).catch(() => 'foreign');
  return state === 'ours' ? COMMAND_NAME : unlinkedCommand(installation, workingFolder);
}

/** Replaces links of Nightshift only; `linkState` tells what is there. */
export async function writeLink(file: string, installation: Installation): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const text = linkText(installation);
  if ((await linkState(file, installation)) === 'other') await rm(file);
  await writeFile(file, text, { mode: 0o755, flag: 'wx' });
}
