/** `answers.jsonl` of a dataset: what the model answered at each evaluation. */
import path from 'node:path';
import { z } from 'zod';
import { type EvaluationAnswers, tableOf, type VersionAnswers } from '../contract/index.ts';
import { readJsonLines, unlessTemporary } from '../kit/index.ts';
import { defineLines } from './document.ts';
import { choice, flag, integer, text, time } from './fields.ts';
import type { VersionFile } from './version.ts';
import type { WorkspacePaths } from './workspace.ts';

export const answersFile = defineLines({
  name: 'answers.jsonl',
  damaged: 'The line is skipped',
  group: 'dataset',
  writer: 'trainer',
  description:
    'One line per evaluation that generated answers. Over 16 MiB the oldest are dropped, except those at the end of a pass',
  schema: z.object({
    t: time('When it was done'),
    branch: text('Branch name'),
    pass: text('Pass id'),
    step: integer('Step of the branch'),
    when: choice(['start', 'interval', 'end', 'command'], 'Why it ran'),
    answers: z
      .array(
        z.object({
          row: integer('Row of the question'),
          prompt: text('Question'),
          rendered: text('What the model read: the decoded tokens of the prompt').optional(),
          expected: text('Expected answer'),
          produced: text('Answer of the model'),
          matches: flag('The scorer accepts it'),
          finished: flag('The model ended its answer itself'),
        }),
      )
      .describe('In the order of the questions'),
  }),
});

/** Oldest first; nothing when the file can't be used. Throws while that is not known. */
export async function readAnswers(datasetFolder: string): Promise<readonly EvaluationAnswers[]> {
  const lines = await readJsonLines(path.join(datasetFolder, 'answers.jsonl')).catch(
    unlessTemporary([]),
  );
  return lines.map((line) => answersFile.parse(line)).filter((answers) => answers !== null);
}

/** Only of the evaluation at the version's own step: the answers of another step are of another model. */
export async function readVersionAnswers(
  paths: Pick<WorkspacePaths, 'dataset'>,
  version: Pick<VersionFile, 'name' | 'dataset' | 'datasets' | 'branch' | 'step'>,
): Promise<VersionAnswers> {
  const ids = [version.dataset, ...version.datasets.map(({ id }) => id).reverse()];
  for (const id of new Set(ids.filter((id) => id !== null))) {
    const evaluation = (await readAnswers(paths.dataset(id))).findLast(
      ({ branch, step }) => branch === version.branch && step === version.step,
    );
    const name = version.datasets.find((dataset) => dataset.id === id)?.name ?? id;
    if (evaluation !== undefined)
      return {
        version: version.name,
        evaluation: tableOf(evaluation, { id, name }),
        missing: null,
      };
  }
  return {
    version: version.name,
    evaluation: null,
    missing: `No answers were generated at step ${String(version.step)}.`,
  };
}
