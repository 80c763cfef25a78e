/** A column mapping as one types it in the command line. */
import type { ColumnMapping } from './datasets.ts';

const quoted = (text: string): string => JSON.stringify(text);

export function mappingText(mapping: ColumnMapping): string {
  if (mapping.format === 'text') return `--text ${quoted(mapping.column)}`;
  const system = mapping.system === undefined ? '' : ` --system ${quoted(mapping.system)}`;
  return mapping.format === 'messages'
    ? `--messages ${quoted(mapping.column)}${system}`
    : `--question ${quoted(mapping.prompt)} --answer ${quoted(mapping.answer)}${system}`;
}
