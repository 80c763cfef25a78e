/**
 * Marks in a text that say how it is shown: emphasis, and the cells of a table. `render` turns them
 * into what the output can show: colors and wrapped columns on a terminal, plain text for a pipe.
 * The marks are Unicode noncharacters, which no text holds. Pure.
 */
export const TABLE_START = '\ufdd8';
export const TABLE_END = '\ufdd9';
export const ROW_END = '\ufdda';
export const CELL_END = '\ufddb';
/** First in the first row: it is a head. */
export const HEAD = '\ufddc';

export const STYLE_END = '\ufdd0';
/** Each mark with its format of `util.styleText`. */
export const STYLES = {
  '\ufdd1': 'bold',
  '\ufdd2': 'dim',
  '\ufdd3': 'red',
  '\ufdd4': 'yellow',
  '\ufdd5': 'green',
  '\ufdd6': 'cyan',
} as const;
export type StyleName = (typeof STYLES)[keyof typeof STYLES];

const marks = new Map(Object.entries(STYLES).map(([mark, name]) => [name, mark]));

export const styled = (style: StyleName, text: string): string =>
  text === '' ? '' : `${marks.get(style) ?? ''}${text}${STYLE_END}`;

export const bold = (text: string): string => styled('bold', text);

/** States that need attention, and states of success. Others keep the color of the text. */
const STATE_STYLES: Readonly<Record<string, StyleName>> = {
  fail: 'red',
  failed: 'red',
  failure: 'red',
  refused: 'red',
  damaged: 'red',
  warn: 'yellow',
  warning: 'yellow',
  needs_decision: 'yellow',
  unknown: 'yellow',
  ok: 'green',
  ready: 'green',
};

/** The text of a state in its color. */
export const state = (text: string): string => {
  const style = STATE_STYLES[text];
  return style === undefined ? text : styled(style, text);
};

const MARKS = /[\ufdd0-\ufdef]/g;
export const withoutMarks = (text: string): string => text.replace(MARKS, '');

/** Combining characters take no cell; East Asian wide characters and emoji take two. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_CELL = /[\ufdd0-\ufdef]|\p{Mn}|\p{Me}|\u200d/u;

/** Number of terminal cells. */
export function displayWidth(text: string): number {
  // Almost all texts are ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NO_CELL.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
