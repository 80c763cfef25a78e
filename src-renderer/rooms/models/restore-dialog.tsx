/**
 * The restore dialog: exactly what happens, before it happens; then how far it is; then what it came to. The same for a version, a
 * checkpoint, a backup, a rollback and a dataset that is taken back.
 */
import { Button, Checkbox } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import type {
  RestorePlan,
  RestoreResult,
  RestoreSource,
} from '../../../src-main/contract/index.ts';
import { attempt, useLost, useRoom, type Refused } from '../../engine/index.ts';
import { Dialog } from '../../kit/dialog.tsx';
import { Glyph } from '../../kit/marks.tsx';
import { Acts } from './restore-acts.tsx';
import {
  changesOf,
  diskText,
  leavingText,
  momentsText,
  namesText,
  queueableOf,
  safeText,
  summaryOf,
  takenBackOf,
} from './restore-words.ts';
import './restore.css';

type Phase =
  | { readonly kind: 'planned'; readonly refused: Refused | null; readonly isRenewed: boolean }
  | { readonly kind: 'under_way' }
  | { readonly kind: 'done'; readonly result: RestoreResult }
  | { readonly kind: 'failed'; readonly refused: Refused };

const planned: Phase = { kind: 'planned', refused: null, isRenewed: false };

const noAnswer: Refused = {
  text: 'The connection ended before the answer came.',
  next: 'What the restore came to stands in the journal, and here when the engine is heard again.',
  code: null,
};

export function RestoreDialog({
  source,
  low,
  onPlan,
  onClose,
}: {
  readonly source: RestoreSource;
  /** The picture of the lineage stands above it, with the part that leaves lit. */
  readonly low: boolean;
  readonly onPlan?: (plan: RestorePlan | null) => void;
  readonly onClose: () => void;
}): ReactElement {
  const [plan, setPlan] = useState<RestorePlan | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const key = JSON.stringify(source);
  useEffect(() => {
    let isGone = false;
    void attempt((engine) =>
      engine.restore.plan({ source: JSON.parse(key) as RestoreSource }),
    ).then((said) => {
      if (isGone) return;
      if ('answer' in said) setPlan(said.answer);
      else setRefused(said.trouble);
    });
    return () => {
      isGone = true;
    };
  }, [key]);
  useEffect(() => {
    onPlan?.(plan);
  }, [plan, onPlan]);
  return (
    <Dialog title={plan?.title ?? 'Restore'} size={760} low={low} onClose={onClose}>
      {plan === null ? (
        <>
          {refused === null ? (
            <p className="t2" role="status">
              Reading what would happen.
            </p>
          ) : (
            <Refusal refused={refused} />
          )}
          <div className="dialog-foot">
            <span className="grow" />
            <Button size="md" data-autofocus onClick={onClose}>
              Close
            </Button>
          </div>
        </>
      ) : (
        <Planned plan={plan} isLit={low} onPlan={setPlan} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Refusal({ refused }: { readonly refused: Refused }): ReactElement {
  return (
    <p className="rrefusal" role="alert">
      <span className="fail">
        <Glyph name="refused" />
      </span>
      <span>
        <b className="strong">{refused.text}</b> {refused.next}
      </span>
    </p>
  );
}

function Planned({
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
  const lineage = useRoom('lineage');
  const lost = useLost();
  const [phase, setPhase] = useState(planned);
  const [queueAgain, setQueueAgain] = useState(false);
  const { restore } = lineage;
  const mine = restore?.title === plan.title ? restore : null;
  // The call may end with the connection; the lineage then says what came of it.
  const isOver =
    phase.kind === 'done' || (phase.kind !== 'planned' && lineage.head === plan.new_branch);
  const failed = phase.kind === 'failed' && !isOver && mine?.state !== 'running' ? phase : null;
  const isUnderWay = phase.kind !== 'planned' && !isOver && failed === null;
  const queueable = queueableOf(plan);

  const carryOut = async (): Promise<void> => {
    setPhase({ kind: 'under_way' });
    const said = await attempt((engine) =>
      engine.restore.carryOut({
        source: plan.source,
        plan: plan.id,
        queue_again: queueAgain,
        by: 'you (window)',
      }),
    );
    if ('answer' in said) {
      setPhase({ kind: 'done', result: said.answer });
      return;
    }
    const { trouble } = said;
    if (trouble.code === 'BUSY' || trouble.code === 'DISK_FULL') {
      setPhase({ kind: 'planned', refused: trouble, isRenewed: false });
      return;
    }
    if (trouble.code === 'NOT_READY') {
      const anew = await attempt((engine) => engine.restore.plan({ source: plan.source }));
      if ('answer' in anew && anew.answer.id !== plan.id) {
        onPlan(anew.answer);
        setPhase({ kind: 'planned', refused: null, isRenewed: true });
        return;
      }
    }
    setPhase({ kind: 'failed', refused: trouble.code === null ? noAnswer : trouble });
  };

  return (
    <div className="rplan">
      <p className="t2 rlead">{summaryOf(plan, isLit)}</p>
      {phase.kind === 'planned' && phase.isRenewed ? (
        <p className="rnote" role="status">
          <span className="warn">
            <Glyph name="decide" />
          </span>
          The model has moved on since this was opened. This is what would happen now.
        </p>
      ) : null}
      <dl className="delta num">
        {changesOf(plan).map((one) => (
          <div key={one.name}>
            <dt className="micro">{one.name}</dt>
            <dd>
              {one.from}
              {one.to === null ? null : (
                <>
                  {' '}
                  <i>to</i> {one.to}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <dl className="rfacts">
        <div>
          <dt>Leaves the model</dt>
          <dd>
            {plan.datasets_leaving.length === 0
              ? 'no dataset'
              : plan.datasets_leaving.map(leavingText).join(', ')}
          </dd>
        </div>
        <div>
          <dt>Optimiser moments</dt>
          <dd>{momentsText(plan)}</dd>
        </div>
      </dl>
      <Acts
        acts={plan.acts}
        at={
          isOver
            ? 'over'
            : failed !== null || (isUnderWay && mine?.state === 'running')
              ? mine
              : null
        }
      />
      {isUnderWay || isOver || failed !== null ? null : (
        <div className="ropts">
          {takenBackOf(plan) === null ? null : (
            <p className="t2">{takenBackOf(plan)} goes back into the queue.</p>
          )}
          {queueable.length === 0 ? null : (
            <Checkbox
              label={`Queue ${namesText(queueable)} again`}
              checked={queueAgain}
              onChange={(event) => {
                setQueueAgain(event.currentTarget.checked);
              }}
            />
          )}
        </div>
      )}
      {phase.kind === 'planned' && phase.refused !== null ? (
        <Refusal refused={phase.refused} />
      ) : null}
      {failed === null ? null : (
        <div className="rrefusal" role="alert">
          <span className="fail">
            <Glyph name="failed" />
          </span>
          <span>
            <b className="strong">{mine?.message ?? failed.refused.text}</b>{' '}
            {mine === null ? failed.refused.next : safeText(mine.act)}
          </span>
        </div>
      )}
      {isOver ? (
        <p className="rrefusal" role="status">
          <span className="ok">
            <Glyph name="done" />
          </span>
          <span>{doneText(plan, phase)}</span>
        </p>
      ) : null}
      <div className="dialog-foot rfoot">
        <span className={`micro num ${plan.disk.fits ? '' : 'fail'}`}>
          {isUnderWay
            ? 'It goes on when this is closed.'
            : failed !== null || isOver
              ? ''
              : `${diskText(plan.disk)} ${plan.undo}`}
        </span>
        <span className="grow" />
        {isUnderWay || isOver || failed !== null ? (
          <Button key="close" size="md" data-autofocus autoFocus onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button key="cancel" size="md" data-autofocus autoFocus onClick={onClose}>
              Cancel
            </Button>
            <Button
              size="md"
              variant="filled"
              disabled={lost || !plan.disk.fits}
              onClick={() => {
                void carryOut();
              }}
            >
              Back up and restore
            </Button>
          </>
        )}
      </div>
    </div>
  );
}

function doneText(plan: RestorePlan, phase: Phase): string {
  if (phase.kind !== 'done') return `${plan.new_branch} is in place.`;
  const { result } = phase;
  return [
    result.text,
    `The model from before is in the backup ${result.backup}.`,
    result.queued_again.length === 0 ? null : `Queued again: ${namesText(result.queued_again)}.`,
  ]
    .filter((part) => part !== null)
    .join(' ');
}
