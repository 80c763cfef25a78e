/** Whether a mapping fits the columns of a file. Pure. */
import { type ColumnMapping, Refusal } from '../../contract/index.ts';

/** An escaped brace, or a column with an optional path: `{title}`, `{choices[answer]}`. */
const PLACE = /\{\{|\}\}|\{([^{}]+)\}/g;

/** The columns that a text names in braces, without their paths. */
const placesOf = (text: string): readonly string[] =>
  [...text.matchAll(PLACE)].flatMap(([, place]) => (place === undefined ? [] : [place]));

function unknownOf(text: string, columns: ReadonlySet<string>): string | null {
  const places = placesOf(text);
  const isKnown = (place: string): boolean =>
    columns.has(place) || columns.has(place.split(/[.[]/)[0] ?? place);
  return places.find((place) => !isKnown(place)) ?? null;
}

/** A prompt or an answer has to come from a column; a system prompt may be the same text for every row. */
function check(text: string, what: string, columns: ReadonlySet<string>): string | null {
  if (columns.has(text)) return null;
  const unknown = unknownOf(text, columns);
  if (unknown !== null) return unknown;
  return what === 'system' || placesOf(text).length > 0 ? null : text;
}

/** Refusal INVALID with the unknown column. No check where the columns are not known. */
export function requireColumns(mapping: ColumnMapping, known: readonly string[]): void {
  if (mapping.format === 'columns' && mapping.prompt === mapping.answer)
    throw new Refusal('INVALID', 'Prompt and answer need different columns.', {
      subject: mapping.prompt,
    });
  if (known.length === 0) return;
  const columns = new Set(known);
  const parts: readonly (readonly [string, string])[] =
    mapping.format === 'columns'
      ? [
          ['prompt', mapping.prompt],
          ['answer', mapping.answer],
          ['system', mapping.system ?? ''],
        ]
      : mapping.format === 'messages'
        ? [
            ['column', mapping.column],
            ['system', mapping.system ?? ''],
          ]
        : [['column', mapping.column]];
  for (const [what, text] of parts) {
    const unknown = check(text, what, columns);
    if (unknown !== null)
      throw new Refusal('INVALID', `The file has no column ${unknown}.`, {
        subject: unknown,
        next: `Its columns are ${known.join(', ')}. A text names columns in braces: "Classify: {${known[0] ?? ''}}".`,
      });
  }
}
