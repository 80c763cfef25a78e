/** The answers of evaluations that the scripted engine reports: before and after a pass, and of each evaluation. */
import {
  type BeforeAndAfter,
  type DatasetSummary,
  type EvaluationAnswers,
  tableOf,
  type Version,
  type VersionAnswers,
} from '../../../src-main/contract/index.ts';

const QUESTIONS = [
  ['Turn the kitchen light on', '{"device": "light", "room": "kitchen", "state": "on"}'],
  ['Set the bedroom to 21 degrees', '{"device": "heating", "room": "bedroom", "degrees": 21}'],
  ['Close the blinds in the study', '{"device": "blinds", "room": "study", "state": "closed"}'],
] as const;

export function answersOf(dataset: DatasetSummary): BeforeAndAfter {
  if (dataset.place !== 'completed') return { before: null, after: null, answers: [] };
  return {
    before: { step: 0, k: 0, n: QUESTIONS.length, unfinished: 1 },
    after: { step: 70, k: 3, n: QUESTIONS.length, unfinished: 0 },
    answers: QUESTIONS.map(([prompt, expected], index) => {
      const shared = { row: index + 1, prompt, expected };
      const before = 'I can help you with that. Which one do you mean?';
      return {
        ...shared,
        before: { ...shared, produced: before, matches: false, finished: index > 0 },
        after: { ...shared, produced: expected, matches: true, finished: true },
      };
    }),
  };
}

/** The first `wrong` answers are wrong, the last one is unfinished in evaluations during training. */
function evaluationOf(
  facts: Pick<EvaluationAnswers, 't' | 'branch' | 'step' | 'when'>,
  wrong: number,
): EvaluationAnswers {
  const answers = QUESTIONS.map(([prompt, expected], index) => {
    const isLast = index === QUESTIONS.length - 1;
    const finished = !isLast || facts.when === 'end';
    const matches = index >= wrong && finished;
    return {
      row: index + 1,
      prompt,
      rendered: `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n`,
      expected,
      produced: matches ? expected : 'I can help you with that.',
      matches,
      finished,
    };
  });
  // As the trainer writes them: in the order of the questions.
  return { ...facts, pass: 'p-1', answers: answers.reverse() };
}

const evaluationsIn = (dataset: DatasetSummary, now: number): readonly EvaluationAnswers[] =>
  dataset.place === 'processing' || dataset.place === 'completed'
    ? [
        evaluationOf({ t: now - 160, branch: 'main', step: 1200, when: 'interval' }, 1),
        evaluationOf({ t: now - 900, branch: 'main', step: 1100, when: 'start' }, 2),
      ]
    : [];

export const evaluationTablesOf = (dataset: DatasetSummary, now: number) =>
  evaluationsIn(dataset, now).map((evaluation) =>
    tableOf(evaluation, { id: dataset.id, name: dataset.name }),
  );

/** v001 was not evaluated; later versions answer more. */
export function versionAnswersOf(version: Version): VersionAnswers {
  if (version.number === 1)
    return {
      version: version.name,
      evaluation: null,
      missing: `No answers were generated at step ${String(version.step)}.`,
    };
  const { branch, step, created: t } = version;
  const [dataset] = version.datasets;
  return {
    version: version.name,
    evaluation: tableOf(
      evaluationOf({ t, branch, step, when: 'end' }, Math.max(0, 4 - version.number)),
      dataset ?? { id: 'd-1', name: 'sample.jsonl' },
    ),
    missing: null,
  };
}
