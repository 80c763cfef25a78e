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

/** Prints the value as one line of JSON with --json, otherwise the text. */
export function show(session: Session, value: unknown, text: string | (() => string)): void {
  if (session.json) session.terminal.out(`${JSON.stringify(value)}\n`);
  else {
    const output = typeof text === 'function' ? text() : text;
    session.terminal.out(output.endsWith('\n') ? output : `${output}\n`);
  }
}

/** Arguments that parse, but don't name anything; exit code 2. */
export class UsageError extends Error {}

/** No engine is running for the workspace. */
export class NoEngine extends Error {
  constructor(workspace: string, why = 'No engine is running for this workspace') {
    super(`${why}: ${workspace}`);
  }
}
