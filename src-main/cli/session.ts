/** What every command receives (workspace, terminal, clock) and the exit codes. */
import { visibleLines } from '../contract/index.ts';
import type { WorkspacePaths } from '../formats/workspace.ts';

/** Documented in `nightshift --help` and README.md. */
export const exitCode = { ok: 0, failure: 1, usage: 2, refused: 3, noEngine: 4 } as const;
/** `by` of every change made here, as it appears in the journal. */
export const BY_COMMAND_LINE = 'you (command line)';
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  readonly interactive: boolean;
  /** The next line of the input after the question; null at its end. */
  ask(question: string): Promise<string | null>;
}

export interface Session {
  readonly workspace: string;
  readonly paths: WorkspacePaths;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** Unix seconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C; ends commands that follow changes. */
  readonly signal: AbortSignal;
}

/** Prints the value as one line of JSON with --json, otherwise the text. */
export function show(session: Session, value: unknown, text: string | (() => string)): void {
  if (session.json) session.terminal.out(`${JSON.stringify(value)}\n`);
  else {
    // Names and rows come from files: a terminal must not obey them.
    const output = visibleLines(typeof text === 'function' ? text() : text);
    session.terminal.out(output.endsWith('\n') ? output : `${output}\n`);
  }
}

/** No engine is running for the workspace. */
export class NoEngine extends Error {
  constructor(workspace: string, why = 'No engine is running for this workspace') {
    super(`${why}: ${workspace}`);
  }
}
