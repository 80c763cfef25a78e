/** What every command is given: the workspace, how to print, the clock; and the exit codes. */
import type { WorkspacePaths } from '../formats/workspace.ts';

/** Documented in the help and in README. */
export const exitCode = { ok: 0, failure: 1, usage: 2, refused: 3, noEngine: 4 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  readonly interactive: boolean;
}

export interface Session {
  readonly workspace: string;
  readonly paths: WorkspacePaths;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** Unix seconds. */
  readonly now: () => number;
  /** Ends a command that follows something (Ctrl-C). */
  readonly signal: AbortSignal;
}

/** Prints the value as one line of JSON, or the text for a person. */
export function show(session: Session, value: unknown, text: string | (() => string)): void {
  if (session.json) session.terminal.out(`${JSON.stringify(value)}\n`);
  else {
    const words = typeof text === 'function' ? text() : text;
    session.terminal.out(words.endsWith('\n') ? words : `${words}\n`);
  }
}

/** There is no engine for the workspace. */
export class NoEngine extends Error {
  constructor(workspace: string, why = 'No engine runs for this workspace') {
    super(`${why}: ${workspace}`);
  }
}
