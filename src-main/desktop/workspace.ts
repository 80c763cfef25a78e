/** Which workspace this window shows, and which of its arguments are datasets. Pure: everything known is passed in. */
import { join, resolve } from 'node:path';

export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The workspace of the last time, null on a first run. */
  readonly remembered: string | null;
  readonly home: string;
  readonly cwd: string;
}

/** The order: `--workspace`, NIGHTSHIFT_WORKSPACE, the one of the last time, ~/Nightshift. Always absolute. */
export function chooseWorkspace(from: Surroundings): string {
  const asked = optionOf(from.argv, '--workspace') ?? from.env['NIGHTSHIFT_WORKSPACE'];
  if (asked !== undefined && asked !== '') return resolve(from.cwd, asked);
  return from.remembered ?? join(from.home, 'Nightshift');
}

function optionOf(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((argument) => argument.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = argv.indexOf(name);
  return at === -1 ? undefined : argv[at + 1];
}

const dataset = /\.(jsonl|json|csv|parquet)(\.(gz|zst))?$/i;

/**
 * The datasets among the arguments of a launch ("open with", a file dropped on the icon), absolute. Chromium reorders and adds
 * arguments of its own, so they are found by what they look like, never by their place.
 */
export function datasetsAmong(
  argv: readonly string[],
  cwd: string,
  isFile: (path: string) => boolean,
): readonly string[] {
  return argv
    .slice(1)
    .filter((argument) => !argument.startsWith('-') && dataset.test(argument))
    .map((argument) => resolve(cwd, argument))
    .filter(isFile);
}

const KEPT = 10;

/** The list of recent workspaces with this one in front. */
export function withRecent(recent: readonly string[], workspace: string): readonly string[] {
  return [workspace, ...recent.filter((name) => name !== workspace)].slice(0, KEPT);
}
