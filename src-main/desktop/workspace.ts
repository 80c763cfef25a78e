/** Chooses the workspace, and finds the datasets among the command-line arguments. Pure. */
import { join, resolve } from 'node:path';

export interface WorkspaceSources {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The workspace of the last start; null on a first run. */
  readonly lastUsed: string | null;
  readonly home: string;
  readonly cwd: string;
}

/**
 * In this order: `--workspace`, NIGHTSHIFT_WORKSPACE, the last used one, ~/Nightshift. Always
 * absolute.
 */
export function chooseWorkspace(sources: WorkspaceSources): string {
  const requested = optionOf(sources.argv, '--workspace') ?? sources.env['NIGHTSHIFT_WORKSPACE'];
  if (requested !== undefined && requested !== '') return resolve(sources.cwd, requested);
  return sources.lastUsed ?? join(sources.home, 'Nightshift');
}

function optionOf(argv: readonly string[], name: string): string | undefined {
  const withValue = argv.find((argument) => argument.startsWith(`${name}=`));
  if (withValue !== undefined) return withValue.slice(name.length + 1);
  const index = argv.indexOf(name);
  return index === -1 ? undefined : argv[index + 1];
}

/** The arguments of this start, with another workspace. */
export function withWorkspace(argv: readonly string[], workspace: string): readonly string[] {
  const rest = argv.filter(
    (argument, index) =>
      argument !== '--workspace' &&
      !argument.startsWith('--workspace=') &&
      argv[index - 1] !== '--workspace',
  );
  return [...rest, `--workspace=${workspace}`];
}

const DATASET_NAME = /\.(jsonl|ndjson|json|csv|tsv|txt|parquet)(\.(gz|zst))?$/i;

/**
 * Absolute paths of the datasets among the arguments ("open with", a file dropped on the icon).
 * They are found by file extension, not position, because Chromium adds and reorders arguments.
 */
export function datasetsAmong(
  argv: readonly string[],
  cwd: string,
  isFile: (path: string) => boolean,
): readonly string[] {
  return argv
    .slice(1)
    .filter((argument) => !argument.startsWith('-') && DATASET_NAME.test(argument))
    .map((argument) => resolve(cwd, argument))
    .filter(isFile);
}

const MAX_RECENT = 10;

/** The recent workspaces with this one first. */
export function withRecent(recent: readonly string[], workspace: string): readonly string[] {
  return [workspace, ...recent.filter((name) => name !== workspace)].slice(0, MAX_RECENT);
}
