/** What a mapping makes of the rows of a scripted dataset. */
import type { ColumnMapping, MappingPreview } from '../../../src-main/contract/index.ts';

const ROWS = [
  { text: 'I am still waiting on my card?', category: 'card_arrival' },
  { text: 'What can I do if my card has not arrived?', category: 'card_arrival' },
  { text: 'Is there a fee for topping up?', category: 'top_up_by_card_charge' },
] as const;

const filled = (template: string, row: Readonly<Record<string, string>>): string =>
  row[template] ?? template.replaceAll(/\{(\w+)\}/g, (_, name: string) => row[name] ?? '');

export function previewOf(mapping: ColumnMapping): MappingPreview {
  return {
    samples: ROWS.map((row, index) => {
      if (mapping.format !== 'columns')
        return { row: index + 1, spans: [{ text: filled(mapping.column, row), trained: true }] };
      const system =
        mapping.system === undefined || mapping.system === ''
          ? ''
          : `<|im_start|>system\n${filled(mapping.system, row)}<|im_end|>\n`;
      return {
        row: index + 1,
        spans: [
          {
            text: `${system}<|im_start|>user\n${filled(mapping.prompt, row)}<|im_end|>\n<|im_start|>assistant\n`,
            trained: false,
          },
          { text: `${filled(mapping.answer, row)}<|im_end|>`, trained: true },
        ],
      };
    }),
    rejected: [],
  };
}
