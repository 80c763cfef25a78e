/**
 * What can stand at the end of a command line: commands, options, and the values that an argument's
 * name promises. Values are read from the files of the workspace, so no engine is asked.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { describeKeys, helpTopics, shown } from '../../contract/index.ts';
import {
  listBackupFolders,
  listBranchFolders,
  metaFile,
  noticesFile,
  readOrNull,
  sessionsFile,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** The shell completes names of files itself. */
export const FILES = ':files';

/** More datasets than this are completed by id only: reading each file name would take too long. */
const MAX_NAMES = 200;

type Source = (paths: WorkspacePaths) => Promise<readonly Candidate[]>;

const folders =
  (folderOf: (paths: WorkspacePaths) => string): Source =>
  async (paths) =>
    (await readdir(folderOf(paths), { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => ({ value: name, about: '' }));

const versions: Source = async (paths) =>
  (await folders((places) => places.versions)(paths)).map(({ value }) => ({
    value,
    about: 'version',
  }));

const bases: Source = async (paths) => {
  const known = await folders(({ models }) => models)(paths);
  const found = await Promise.all(
    known.map(async ({ value }) => (await readdir(paths.base(value))).includes('config.json')),
  );
  return known.filter((_, index) => found[index]);
};

/** Newest first; ids, and the file names that need no quotes. */
const datasets: Source = async (paths) => {
  const ids = (await folders((places) => places.datasets)(paths)).map(({ value }) => value);
  const newest = ids.sort().reverse();
  const named = await Promise.all(
    newest.slice(0, MAX_NAMES).map(async (id) => ({
      id,
      name: (await readOrNull(path.join(paths.dataset(id), 'meta.json'), metaFile))?.name ?? '',
    })),
  );
  const names = [...new Set(named.map(({ name }) => name))];
  return [
    ...names.filter((name) => /^[\w.-]+$/.test(name)).map((value) => ({ value, about: 'dataset' })),
    ...named.map(({ id, name }) => ({ value: id, about: name })),
    ...newest.slice(MAX_NAMES).map((value) => ({ value, about: '' })),
  ];
};

const branches: Source = async (paths) =>
  (await listBranchFolders(paths)).map((value) => ({ value, about: 'branch' }));

/** From the names of their folders: their files are not looked at. */
const checkpoints: Source = async (paths) => {
  const steps = new Map<string, string>();
  for (const branch of await listBranchFolders(paths))
    for (const name of await readdir(paths.checkpoints(branch)).catch(() => [])) {
      const step = /^step-0*(\d+)$/.exec(name)?.[1];
      if (step !== undefined) steps.set(step, branch);
    }
  return [...steps]
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([value, branch]) => ({ value, about: `step of ${branch}` }));
};

const keys: Source = () =>
  Promise.resolve(describeKeys().map(({ key, help }) => ({ value: key, about: help })));

/** By the name of an argument, or of an option's value. */
const SOURCES: Readonly<Record<string, Source>> = {
  dataset: datasets,
  version: versions,
  other: versions,
  backup: async (paths) =>
    (await listBackupFolders(paths)).map(({ id }) => ({ value: id, about: 'backup' })),
  branch: branches,
  step: checkpoints,
  base: bases,
  model: async (paths) => [
    { value: 'current', about: 'the current model' },
    ...(await versions(paths)),
    ...(await bases(paths)),
  ],
  notice: async (paths) =>
    ((await readOrNull(paths.notices, noticesFile))?.notices ?? [])
      .filter(({ dismissed }) => !dismissed)
      .map(({ id, title }) => ({ value: id, about: title })),
  session: async (paths) =>
    ((await readOrNull(paths.sessions, sessionsFile))?.sessions ?? []).map(({ id, browser }) => ({
      value: id,
      about: shown(browser),
    })),
  key: keys,
  topic: () => Promise.resolve(helpTopics().map(({ id, title }) => ({ value: id, about: title }))),
};

const FILE_NAMES = new Set(['source', 'file', 'path', 'paths', 'folder']);

/** The values of an argument or option, or FILES. Never throws. */
export async function valuesOf(
  of: Argument | Option,
  paths: WorkspacePaths,
): Promise<readonly Candidate[] | typeof FILES> {
  const choices = of.argChoices;
  if (choices !== undefined) return choices.map((value) => ({ value, about: '' }));
  // `<dataset>` of an option's flags, otherwise the name of the argument.
  const name = 'flags' in of ? (/[<[](\w+)/.exec(of.flags)?.[1] ?? '') : of.name();
  if (FILE_NAMES.has(name)) return FILES;
  return (await SOURCES[name]?.(paths).catch(() => [])) ?? [];
}

export const commandsOf = (command: Command): readonly Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ value: child.name(), about: child.description() }));

export const optionsOf = (command: Command): readonly Candidate[] =>
  [...command.options, ...(command.parent === null ? [] : rootOf(command).options)]
    .filter((option) => !option.hidden && option.long !== undefined)
    .map((option) => ({ value: option.long ?? '', about: option.description }))
    .concat([{ value: '--help', about: 'help for the command' }]);

const rootOf = (command: Command): Command =>
  command.parent === null ? command : rootOf(command.parent);
