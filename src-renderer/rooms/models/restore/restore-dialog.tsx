/** The restore dialog: plan, progress, result. The same for a version, checkpoint, backup, rollback and undone dataset. */
import { Button } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import type { RestorePlan, RestoreSource } from '../../../../src-main/contract/index.ts';
import { attempt, type Refused } from '../../../engine/index.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { RefusalMessage } from '../refusal-message.tsx';
import { RestorePlanView } from './restore-plan.tsx';

export function RestoreDialog({
  source,
  atBottom,
  onPlan,
  onClose,
}: {
  readonly source: RestoreSource;
  /** Opens at the lower edge, below the lineage chart with the discarded steps highlighted. */
  readonly atBottom: boolean;
  readonly onPlan?: (plan: RestorePlan | null) => void;
  readonly onClose: () => void;
}): ReactElement {
  const [plan, setPlan] = useState<RestorePlan | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const key = JSON.stringify(source);
  useEffect(() => {
    let isUnmounted = false;
    void attempt((engine) =>
      engine.restore.plan({ source: JSON.parse(key) as RestoreSource }),
    ).then((outcome) => {
      if (isUnmounted) return;
      if ('answer' in outcome) setPlan(outcome.answer);
      else setRefused(outcome.trouble);
    });
    return () => {
      isUnmounted = true;
    };
  }, [key]);
  useEffect(() => {
    onPlan?.(plan);
  }, [plan, onPlan]);
  return (
    <Dialog title={plan?.title ?? 'Restore'} size={760} atBottom={atBottom} onClose={onClose}>
      {plan === null ? (
        <>
          {refused === null ? (
            <p className={textStyles.secondary} role="status">
              Planning the restore…
            </p>
          ) : (
            <RefusalMessage refused={refused} />
          )}
          <div className={layoutStyles.dialogFooter}>
            <span className={layoutStyles.grow} />
            <Button size="md" data-autofocus onClick={onClose}>
              Close
            </Button>
          </div>
        </>
      ) : (
        <RestorePlanView plan={plan} isLit={atBottom} onPlan={setPlan} onClose={onClose} />
      )}
    </Dialog>
  );
}
