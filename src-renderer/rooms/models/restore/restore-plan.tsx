/** A restore plan, its progress and its result. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import {
  type RestorePlan,
  type RestoreResult,
  UNDONE_DEFAULT,
} from '../../../../src-main/contract/index.ts';
import { useLost } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { duration } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { FactList } from '../point-facts.tsx';
import { RefusalMessage } from '../refusal-message.tsx';
import { RestorePhases } from './restore-phases.tsx';
import { RestoreOptions } from './restore-options.tsx';
import {
  useRestoreProgress,
  type RestoreChoices,
  type RestoreProgress,
} from './restore-progress.ts';
import {
  changesOf,
  diskText,
  removedDatasetText,
  optimizerStateText,
  namesText,
  summaryOf,
} from './restore-text.ts';
import restoreStyles from './restore.module.css';

export function RestorePlanView({
  plan,
  isLit,
  onPlan,
  onClose,
}: {
  readonly plan: RestorePlan;
  readonly isLit: boolean;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onClose: () => void;
}): ReactElement {
  const lost = useLost();
  const { progress, carryOut } = useRestoreProgress(plan, onPlan);
  const [choices, setChoices] = useState<RestoreChoices>({
    undone: UNDONE_DEFAULT,
    keepSettings: false,
  });
  return (
    <div>
      <p className={classNames(textStyles.secondary, restoreStyles.summary)}>
        {summaryOf(plan, isLit)}
      </p>
      {progress.kind === 'planned' && progress.isRenewed ? (
        <p className={restoreStyles.message} role="status">
          <span className={textStyles.warning}>
            <Glyph name="decide" />
          </span>
          Training has continued since you opened this dialog. The plan has been updated.
        </p>
      ) : null}
      <Consequences plan={plan} />
      <RestorePhases
        phases={plan.phases}
        at={progress.kind === 'done' ? 'over' : progress.kind === 'planned' ? null : progress.at}
      />
      {progress.kind === 'planned' ? (
        <RestoreOptions plan={plan} choices={choices} onChoose={setChoices} />
      ) : null}
      <Outcome plan={plan} progress={progress} />
      <div className={classNames(layoutStyles.dialogFooter, restoreStyles.footer)}>
        <Footnote plan={plan} progress={progress} />
        <span className={layoutStyles.grow} />
        {progress.kind === 'planned' ? (
          <>
            <Button key="cancel" size="md" data-autofocus autoFocus onClick={onClose}>
              Cancel
            </Button>
            <Button
              size="md"
              variant="filled"
              disabled={lost || !plan.disk.fits}
              onClick={() => {
                void carryOut(choices);
              }}
            >
              Back up and restore
            </Button>
          </>
        ) : (
          <Button key="close" size="md" data-autofocus autoFocus onClick={onClose}>
            Close
          </Button>
        )}
      </div>
    </div>
  );
}

function Consequences({ plan }: { readonly plan: RestorePlan }): ReactElement {
  const facts: readonly (readonly [string, string])[] = [
    [
      'Removed from the model',
      plan.datasets_leaving.length === 0
        ? 'no datasets'
        : plan.datasets_leaving.map(removedDatasetText).join(', '),
    ],
    ['Optimizer state', optimizerStateText(plan)],
  ];
  return (
    <>
      <dl className={classNames(restoreStyles.changes, textStyles.number)}>
        {changesOf(plan).map((change) => (
          <div key={change.name}>
            <dt className={textStyles.caption}>{change.name}</dt>
            <dd>
              {change.from}
              {change.to === null ? null : (
                <>
                  {' '}
                  <i>to</i> {change.to}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <FactList className={restoreStyles.terms} facts={facts} />
    </>
  );
}

function Outcome({
  plan,
  progress,
}: {
  readonly plan: RestorePlan;
  readonly progress: RestoreProgress;
}): ReactElement | null {
  switch (progress.kind) {
    case 'planned':
      return progress.refused === null ? null : <RefusalMessage refused={progress.refused} />;
    case 'running':
      return null;
    case 'failed':
      return (
        <div className={restoreStyles.message} role="alert">
          <span className={textStyles.failure}>
            <Glyph name="failed" />
          </span>
          <span>
            <b className={textStyles.strong}>{progress.at?.message ?? progress.refused.text}</b>{' '}
            {progress.at === null ? progress.refused.next : null}
          </span>
        </div>
      );
    case 'done':
      return (
        <p className={restoreStyles.message} role="status">
          <span className={textStyles.success}>
            <Glyph name="done" />
          </span>
          <span>{doneText(plan, progress.result)}</span>
        </p>
      );
  }
}

function Footnote({
  plan,
  progress,
}: {
  readonly plan: RestorePlan;
  readonly progress: RestoreProgress;
}): ReactElement {
  const now = useNowSeconds();
  if (progress.kind === 'planned')
    return (
      <span
        className={classNames(
          textStyles.caption,
          textStyles.number,
          !plan.disk.fits && textStyles.failure,
        )}
      >
        {diskText(plan.disk)} {plan.undo}
      </span>
    );
  if (progress.kind !== 'running') return <span />;
  const elapsed =
    progress.at === null
      ? ''
      : `${duration(Math.max(0, Math.floor(now - progress.at.since))).replace('.0', '')} elapsed. `;
  return (
    <span className={classNames(textStyles.caption, textStyles.number)}>
      {elapsed}Continues if you close this dialog.
    </span>
  );
}

function doneText(plan: RestorePlan, result: RestoreResult | null): string {
  if (result === null) return `${plan.new_branch} is active.`;
  return result.queued_again.length === 0
    ? result.text
    : `${result.text} Queued again: ${namesText(result.queued_again)}.`;
}
