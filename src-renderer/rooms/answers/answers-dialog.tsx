/** The answers of the evaluations of a dataset, and those of a version. */
import { NativeSelect } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { EvaluationSummary } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { Dialog } from '../../kit/dialog.tsx';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import { AnswerTable } from './answer-table.tsx';
import { evaluationName } from './answers-text.ts';

const SIZE = 960;

const keyOf = ({ branch, step, when }: EvaluationSummary): string =>
  `${branch}|${String(step)}|${when}`;

/** Opens with the newest evaluation. */
export function AnswersDialog({
  dataset,
  onClose,
}: {
  readonly dataset: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}): ReactElement {
  const { answer: evaluations } = useAnswer(dataset.id, (engine) =>
    engine.datasets.evaluations({ id: dataset.id }),
  );
  const [key, setKey] = useState<string | null>(null);
  const chosen = evaluations?.find((known) => keyOf(known) === key) ?? evaluations?.[0];
  const { answer: evaluation } = useAnswer(
    chosen === undefined ? null : `${dataset.id}|${keyOf(chosen)}`,
    (engine) =>
      engine.datasets.evaluation({
        id: dataset.id,
        step: chosen?.step ?? 0,
        ...(chosen === undefined ? {} : { branch: chosen.branch, when: chosen.when }),
      }),
  );
  return (
    <Dialog title={`Answers: ${dataset.name}`} size={SIZE} onClose={onClose}>
      {evaluations === null ? null : evaluations.length === 0 ? (
        <p className={textStyles.secondary}>
          No evaluation of this dataset has generated answers yet.
        </p>
      ) : (
        <NativeSelect
          label="Evaluation"
          data={evaluations.map((known) => ({ value: keyOf(known), label: evaluationName(known) }))}
          value={chosen === undefined ? '' : keyOf(chosen)}
          onChange={(event) => {
            setKey(event.currentTarget.value);
          }}
        />
      )}
      {evaluation === null ? null : <AnswerTable key={keyOf(evaluation)} evaluation={evaluation} />}
    </Dialog>
  );
}

export function VersionAnswersDialog({
  name,
  onClose,
}: {
  readonly name: string;
  readonly onClose: () => void;
}): ReactElement {
  const { answer } = useAnswer(name, (engine) => engine.versions.answers({ name }));
  return (
    <Dialog title={`Answers of ${name}`} size={SIZE} onClose={onClose}>
      {answer === null ? null : answer.evaluation === null ? (
        <p className={textStyles.secondary}>{answer.missing}</p>
      ) : (
        <>
          <p className={textStyles.secondary}>
            {answer.evaluation.dataset.name}, step {count(answer.evaluation.step)}
          </p>
          <AnswerTable evaluation={answer.evaluation} />
        </>
      )}
    </Dialog>
  );
}
