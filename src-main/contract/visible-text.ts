/**
 * Text from outside (file names, rows, messages of libraries) as one can read it: a terminal must not
 * obey it, and it must not reverse the text around it. Pure.
 */

/** C0 and C1 controls, line separators, bidirectional controls, and the byte order mark. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  NAMES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** In one line: `a\\nb`, `\\u001b[31m`. */
export const visibleText = (text: string): string => text.replace(HIDDEN, escaped);

const SHOWN_CHARACTERS = 200;

/**
 * A value from data, a file name or the text of an exception inside a message: in one line, and so
 * short that no file can fill the snapshot, the journal or a screen.
 */
export function shown(value: string, limit = SHOWN_CHARACTERS): string {
  const text = visibleText(value.slice(0, limit + 1));
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}

/** Keeps line breaks and tabs. */
export const visibleLines = (text: string): string =>
  text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );
