/** What every command receives (workspace, terminal, clock) and the exit codes. */
import type { WorkspacePaths } from '../formats/workspace.ts';
import type { Screen } from './output/screen.ts';

/** Documented in `nightshift --help` and README.md. */
export const exitCode = { ok: 0, failure: 1, usage: 2, refused: 3, noEngine: 4 } as const;
/** `by` of every change made here, as it appears in the journal. */
export const BY_COMMAND_LINE = 'you (command line)';
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export interface Session {
  readonly workspace: string;
  readonly paths: WorkspacePaths;
  readonly json: boolean;
  readonly terminal: Screen;
  /** Unix seconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C; ends commands that follow changes. */
  readonly signal: AbortSignal;
}

/**
 * Prints the value as one line of JSON with --json, otherwise the text. `isData`: the text holds rows,
 * answers or scripts, in which a command is not replaced by what the user can type for it.
 */
export function show(
  session: Session,
  value: unknown,
  text: string | (() => string),
  { isData = false }: { readonly isData?: boolean } = {},
): void {
  if (session.json) {
    session.terminal.out(`${JSON.stringify(value)}\n`);
    return;
  }
  const output = typeof text === 'function' ? text() : text;
  const ended = output.endsWith('\n') ? output : `${output}\n`;
  if (isData) session.terminal.out(ended);
  else session.terminal.message(ended);
}

/** Arguments that parse, but don't name anything; exit code 2. */
export class UsageError extends Error {}

/** No engine is running for the workspace. */
export class NoEngine extends Error {
  constructor(workspace: string, why = 'No engine is running for this workspace') {
    super(`${why}: ${workspace}`);
  }
}
