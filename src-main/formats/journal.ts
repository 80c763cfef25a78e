/** `journal/YYYYMM.jsonl`: every decision and intervention with its evidence. */
import { journalEntry } from '../contract/index.ts';
import { defineLines } from './document.ts';

export const journalFile = defineLines({
  name: 'journal/YYYYMM.jsonl',
  damaged: 'The line is skipped',
  group: 'workspace',
  writer: 'engine',
  description: 'One line per decision or intervention, with its evidence',
  schema: journalEntry,
});

/** The file of a moment's month, UTC. */
export function journalFileName(t: number): string {
  const date = new Date(t * 1000);
  const month = String(date.getUTCMonth() + 1).padStart(2, '0');
  return `${String(date.getUTCFullYear())}${month}.jsonl`;
}

export const isJournalFileName = (name: string): boolean => /^\d{6}\.jsonl$/.test(name);
