/** The state of the mapping form, and the mapping that it stands for. Pure. */
import type { ColumnMapping } from '../../../src-main/contract/index.ts';

export type MappingFormat = ColumnMapping['format'];

export interface MappingForm {
  readonly format: MappingFormat;
  readonly prompt: string;
  readonly answer: string;
  readonly system: string;
  readonly column: string;
}

/** The stored mapping, else the suggestion, else an empty form. */
export function formOf(mapping: ColumnMapping | null, guess: ColumnMapping | null): MappingForm {
  const start = mapping ?? guess;
  const empty = { format: 'columns', prompt: '', answer: '', system: '', column: '' } as const;
  return start === null ? empty : { ...empty, ...start, system: systemOf(start) };
}

const systemOf = (mapping: ColumnMapping): string =>
  mapping.format === 'text' ? '' : (mapping.system ?? '');

/** null while a role is missing. */
export function mappingOf(form: MappingForm): ColumnMapping | null {
  const system = form.system.trim() === '' ? {} : { system: form.system };
  if (form.format === 'columns')
    return form.prompt === '' || form.answer === '' || form.prompt === form.answer
      ? null
      : { format: 'columns', prompt: form.prompt, answer: form.answer, ...system };
  if (form.column === '') return null;
  return form.format === 'text'
    ? { format: 'text', column: form.column }
    : { format: 'messages', column: form.column, ...system };
}
