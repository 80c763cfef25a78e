/**
 * The only place that writes to the terminal. Names, rows and answers come from files and models, so
 * control and bidirectional characters are written out; only this module sends terminal codes.
 */
import { styleText } from 'node:util';
import { asTyped, COMMAND_NAME, visibleLines } from '../../contract/index.ts';
import { STYLE_END, STYLES, withoutMarks } from './markup.ts';
import { layOutTables } from './table.ts';

/** The two outputs and the input of the process. Everything optional is off for a pipe. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether the output is a terminal. */
  readonly interactive: boolean;
  /** Whether a question can be asked and answered. */
  readonly canAsk?: boolean;
  readonly columns?: number;
  readonly color?: boolean;
  readonly errorColor?: boolean;
  /** The next line of the input after the question; null at its end. */
  ask(question: string): Promise<string | null>;
}

export interface Screen {
  readonly interactive: boolean;
  readonly canAsk: boolean;
  readonly columns: number | null;
  /** Values and data, as they are. */
  out(text: string): void;
  /** A message: its commands are named as the user can type them. */
  message(text: string): void;
  error(text: string): void;
  typed(text: string): string;
  ask(question: string): Promise<string | null>;
  /** Writes the text over the last `lines` lines of the output. */
  redraw(text: string, lines: number): void;
  /** Writes the text over the current line of the error output; a line of its own in a pipe. */
  progress(line: string): void;
}

interface Shown {
  readonly columns: number | null;
  readonly color: boolean;
}

/** The text as the output can show it. Pure. */
export const render = (text: string, { columns, color }: Shown): string =>
  colored(visibleLines(layOutTables(text, columns)), color);

function colored(text: string, color: boolean): string {
  if (!color) return withoutMarks(text);
  let shown = text;
  for (const [mark, style] of Object.entries(STYLES))
    shown = shown.replace(
      new RegExp(`${mark}([^${STYLE_END}]*)${STYLE_END}`, 'g'),
      (_, part: string) => styleText(style, part, { validateStream: false }),
    );
  return withoutMarks(shown);
}

/** `command`: how the user can type `nightshift`. */
export function createScreen(terminal: Terminal, command: string = COMMAND_NAME): Screen {
  const columns = terminal.columns ?? null;
  const out = (text: string): string => render(text, { columns, color: terminal.color === true });
  const error = (text: string): string =>
    render(text, { columns: null, color: terminal.errorColor === true });
  return {
    interactive: terminal.interactive,
    canAsk: terminal.canAsk === true,
    columns,
    out(text) {
      terminal.out(out(text));
    },
    message(text) {
      terminal.out(out(asTyped(text, command)));
    },
    error(text) {
      terminal.error(error(asTyped(text, command)));
    },
    typed: (text) => asTyped(text, command),
    ask: (question) => terminal.ask(error(question)),
    redraw(text, lines) {
      terminal.out(`${lines > 0 ? `\u001b[${String(lines)}A\u001b[0J` : ''}${out(text)}`);
    },
    progress(line) {
      terminal.error(terminal.interactive ? `\r\u001b[K${error(line)}` : `${error(line)}\n`);
    },
  };
}

/** `--no-color`, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal. Pure. */
export function wantsColor(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: kind } = environment;
  if (args.includes('--no-color') || (no !== undefined && no !== '')) return false;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return isTerminal && kind !== 'dumb';
}
