/** What a drill found, as text. Pure. */
import { duration, plural } from '../../contract/format.ts';
import {
  DRILL_EXERCISES,
  type DrillExerciseId,
  type DrillReport,
  type DrillResult,
} from '../../contract/index.ts';
import { columns } from '../format.ts';
import { bold } from '../output/markup.ts';

const MARKS = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

const factsOf = (id: DrillExerciseId) => DRILL_EXERCISES.find((exercise) => exercise.id === id);

export const titleOf = (id: DrillExerciseId): string => factsOf(id)?.title ?? id;

export const resultText = ({ id, outcome, text }: DrillResult): string =>
  `${MARKS[outcome].padEnd(9)}${bold(titleOf(id))}\n${columns([
    ['', '', factsOf(id)?.promise ?? ''],
    ['', '', text],
  ])}`;

export function reportText({ passed, seconds, exercises }: DrillReport): string {
  const of = (outcome: DrillResult['outcome']): number =>
    exercises.filter((exercise) => exercise.outcome === outcome).length;
  const skipped = of('skipped') === 0 ? '' : `, ${String(of('skipped'))} not run here`;
  const done = `${plural(of('passed'), 'exercise')} passed${skipped}`;
  if (passed) return `\n${done}, in ${duration(seconds)}.`;
  return `\n${done}; 1 failed, and the drill ended there. Your workspace is not affected.`;
}
