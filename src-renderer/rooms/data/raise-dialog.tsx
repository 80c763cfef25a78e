/** Asks before max_length is raised, with the effect on this file and on memory. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { OverLongAnswer, OverLongChoice } from '../../../src-main/contract/index.ts';
import { useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Dialog } from '../../kit/dialog.tsx';
import { count, memory } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Verdict } from '../../kit/verdict.tsx';

const MiB = 1024 * 1024;

export function RaiseDialog({
  choice,
  answer,
  isLocked,
  onClose,
  onConsent,
}: {
  readonly choice: OverLongChoice;
  readonly answer: OverLongAnswer;
  readonly isLocked: boolean;
  readonly onClose: () => void;
  readonly onConsent: () => void;
}): ReactElement {
  const lost = useLost();
  const before = answer.choices.find((choice) => choice.option === 'drop');
  const rows = [
    ...(before === undefined
      ? []
      : [{ name: `${count(answer.max_length)}, current`, beyond: answer.rows, choice: before }]),
    { name: count(choice.max_length), beyond: 0, choice },
  ];
  return (
    <Dialog title={`max_length ${count(choice.max_length)}`} size={640} onClose={onClose}>
      <table>
        <thead>
          <tr>
            <th>max_length</th>
            <th className={tableStyles.numberCell}>Longer rows in this file</th>
            <th className={tableStyles.numberCell}>Peak memory</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, beyond, choice: row }) => (
            <tr key={name}>
              <td className={classNames(textStyles.strong, textStyles.number)}>{name}</td>
              <td className={tableStyles.numberCell}>{count(beyond)}</td>
              <td className={tableStyles.numberCell}>
                {memory(row.memory / MiB)} <Verdict verdict={row.verdict} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classNames(textStyles.secondary, textStyles.wrap)}>
        Queued files are re-validated with the new length. Longer rows need more memory per step.
        {isLocked
          ? ' max_length is locked while a dataset is training: the change is staged and applied before the next one.'
          : ''}
      </p>
      <div className={layoutStyles.dialogFooter}>
        <span className={layoutStyles.grow} />
        <Button size="md" data-autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button size="md" variant="filled" disabled={lost} onClick={onConsent}>
          {isLocked ? 'Change from next dataset' : 'Change now'}
        </Button>
      </div>
    </Dialog>
  );
}
