/** A dataset's verdict as glyph, color and text. Pure. */
import type { DatasetSummary, Verdict } from '../../../src-main/contract/index.ts';
import { count, percent, plural } from '../../kit/format.ts';
import type { GlyphName } from '../../kit/marks.tsx';

export interface VerdictDisplay {
  readonly glyph: GlyphName;
  readonly tone: 'success' | 'warning' | 'failure' | 'secondary' | 'accent';
  readonly word: string;
}

export const verdictDisplay: Readonly<Record<Verdict, VerdictDisplay>> = {
  waiting: { glyph: 'loading', tone: 'secondary', word: 'Waiting' },
  validating: { glyph: 'validating', tone: 'secondary', word: 'Validating' },
  ready: { glyph: 'done', tone: 'success', word: 'Ready' },
  needs_decision: { glyph: 'decide', tone: 'warning', word: 'Needs review' },
  refused: { glyph: 'refused', tone: 'failure', word: 'Refused' },
  training: { glyph: 'training', tone: 'accent', word: 'Training' },
  completed: { glyph: 'done', tone: 'success', word: 'Completed' },
  failed: { glyph: 'failed', tone: 'failure', word: 'Failed' },
  skipped: { glyph: 'stopping', tone: 'secondary', word: 'Skipped' },
  held: { glyph: 'paused', tone: 'secondary', word: 'Held' },
};

/** The verdict in a word or two; with the decision that it needs. */
export function verdictWord({
  verdict,
  decision,
}: Pick<DatasetSummary, 'verdict' | 'decision'>): string {
  if (verdict === 'needs_decision' && decision === 'map_columns') return 'Needs mapping';
  if (verdict === 'needs_decision' && decision === 'choose_encoding') return 'Needs encoding';
  return verdictDisplay[verdict].word;
}

/** `60 rows`, or `57 of 60 rows` where some can't be trained. */
export function rowsOf({ rows, accepted, decision }: DatasetSummary): string {
  if (rows === null) return '';
  return accepted === null || accepted === rows || decision === 'map_columns'
    ? plural(rows, 'row')
    : `${count(accepted)} of ${plural(rows, 'row')}`;
}

/** The line under a file's name. */
export function verdictLine(summary: DatasetSummary): string {
  const word = verdictWord(summary);
  switch (summary.verdict) {
    case 'validating':
      return summary.progress === null ? word : `${word} ${percent(summary.progress * 100, 0)}`;
    case 'waiting':
      if (summary.message?.startsWith('waiting for ') === true)
        return `W${summary.message.slice(1)}`;
      return summary.message === null ? word : `${word}: ${summary.message}`;
    case 'ready':
      return summary.place === 'queue'
        ? [
            `Ready, queued as ${summary.priority} ${count(summary.position + 1)}`,
            ...summary.warnings,
          ].join('; ')
        : word;
    case 'training':
      return summary.done_steps === null || summary.planned_steps === null
        ? word
        : `${word}, step ${count(summary.done_steps)} of ${count(summary.planned_steps)}`;
    case 'needs_decision':
    case 'refused':
    case 'failed':
    case 'skipped':
      return summary.message === null ? word : `${word}: ${summary.message}`;
    case 'completed':
    case 'held':
      return word;
  }
}
