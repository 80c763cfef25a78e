/** Lays out tables: aligned columns, wrapped to the width of a terminal. Pure. */
import { visibleText } from '../../contract/index.ts';
import {
  bold,
  CELL_END,
  displayWidth,
  HEAD,
  ROW_END,
  TABLE_END,
  TABLE_START,
  withoutMarks,
} from './markup.ts';

const GAP = '  ';
/** The marks of tables: a value that holds one must not end its cell. */
const STRUCTURE = new RegExp(`[${TABLE_START}-${HEAD}]`, 'g');
/** Cells up to this width are not wrapped, nor are single words up to MAX_WORD. */
const MIN_WIDTH = 12;
const MAX_WORD = 24;

/** A cell is one line: line breaks in a name or value would look like further rows. */
const cellText = (text: string): string => visibleText(text.replace(STRUCTURE, ''));

const rowText = (row: readonly string[]): string =>
  `${row.map((cell) => `${cellText(cell)}${CELL_END}`).join('')}${ROW_END}`;

/** Columns are as wide as their widest cell; numeric columns are right-aligned. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${TABLE_START}${HEAD}${[head, ...rows].map(rowText).join('')}${TABLE_END}\n`;

/** Like `table`, without a head. */
export const columns = (rows: readonly (readonly string[])[]): string =>
  `${TABLE_START}${rows.map(rowText).join('')}${TABLE_END}\n`;

const TABLE = new RegExp(`${TABLE_START}([^${TABLE_END}]*)${TABLE_END}\n?`, 'g');

/** Lays out every table of the text. `width`: null for a pipe, where nothing is wrapped. */
export function layOutTables(text: string, width: number | null): string {
  return text.replace(TABLE, (_, content: string) => {
    const hasHead = content.startsWith(HEAD);
    const rows = content
      .slice(hasHead ? 1 : 0)
      .split(ROW_END)
      .slice(0, -1)
      .map((row) => row.split(CELL_END).slice(0, -1));
    return layOut(rows, hasHead, width)
      .map((line) => `${line.trimEnd()}\n`)
      .join('');
  });
}

function layOut(
  rows: readonly (readonly string[])[],
  hasHead: boolean,
  width: number | null,
): readonly string[] {
  const head = hasHead ? (rows[0] ?? []) : [];
  const body = hasHead ? rows.slice(1) : rows;
  const count = Math.max(0, ...rows.map((row) => row.length));
  const numeric = Array.from({ length: count }, (_, column) => isNumeric(body, column));
  const natural = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? ''))),
  );
  const widths = width === null ? natural : fitted(rows, natural, numeric, width);
  if (widths === null) return records(head, body, width ?? Infinity);
  return rows.flatMap((row, index) => rowLines(row, widths, numeric, hasHead && index === 0));
}

const isNumeric = (body: readonly (readonly string[])[], column: number): boolean =>
  body.length > 0 &&
  body.every((row) =>
    /^[\d\s.,%/+−-]*( ([kMGT]B|bytes))?$|^unknown$/.test(withoutMarks(row[column] ?? '')),
  );

/** Takes width from the widest column until the table fits; null if it can't. */
function fitted(
  rows: readonly (readonly string[])[],
  natural: readonly number[],
  numeric: readonly boolean[],
  width: number,
): readonly number[] | null {
  const least = natural.map((wide, column) =>
    numeric[column] === true
      ? wide
      : Math.min(
          wide,
          Math.max(
            MIN_WIDTH,
            ...rows.map((row) => Math.min(MAX_WORD, longestWord(row[column] ?? ''))),
          ),
        ),
  );
  const widths = [...natural];
  const total = (): number =>
    widths.reduce((sum, wide) => sum + wide, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [column, wide] of widths.entries())
      if (wide > (least[column] ?? 0) && (widest === -1 || wide > (widths[widest] ?? 0)))
        widest = column;
    if (widest === -1) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

const longestWord = (text: string): number => Math.max(0, ...text.split(' ').map(displayWidth));

function rowLines(
  row: readonly string[],
  widths: readonly number[],
  numeric: readonly boolean[],
  isHead: boolean,
): readonly string[] {
  const cells = widths.map((width, column) => wrap(row[column] ?? '', width));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, column) => {
        const cell = lines[line] ?? '';
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
        const shown = isHead ? bold(cell) : cell;
        return numeric[column] === true ? space + shown : shown + space;
      })
      .join(GAP),
  );
}

/** For a terminal too narrow for the columns: a block per row, a line per value. */
function records(
  head: readonly string[],
  body: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const labelWidth = Math.max(0, ...head.map(displayWidth));
  return body.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...row.flatMap((cell, column) => {
      if (cell === '') return [];
      const label = head[column] ?? '';
      const indent = column === 0 ? '' : '  ';
      const start =
        labelWidth === 0
          ? indent
          : `${indent}${label.padEnd(labelWidth)}${column === 0 ? '    ' : GAP}`;
      const space = Math.max(MIN_WIDTH, width - displayWidth(start));
      return wrap(cell, space).map((line, at) =>
        at === 0 ? start + line : ' '.repeat(displayWidth(start)) + line,
      );
    }),
  ]);
}

/** Breaks at spaces, and inside a word only if it is wider than the column. */
export function wrap(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (displayWidth(line) > width) {
      const part = beginningOf(line, width);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** As many characters as fit, at least one. */
function beginningOf(text: string, width: number): string {
  let part = '';
  let used = 0;
  for (const character of text) {
    used += displayWidth(character);
    if (used > width && part !== '') break;
    part += character;
  }
  return part;
}
