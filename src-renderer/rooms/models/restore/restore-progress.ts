/** Progress of the restore that a dialog started: the state of its call combined with the engine's lineage state. */
import { useEffect, useState } from 'react';
import type {
  LineageState,
  RestorePlan,
  RestoreResult,
  RestoreSource,
  UndoneChoice,
} from '../../../../src-main/contract/index.ts';
import { attempt, useEngine, useRoom, type Refused } from '../../../engine/index.ts';

type CallState =
  | { readonly kind: 'planned'; readonly refused: Refused | null; readonly isRenewed: boolean }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly result: RestoreResult }
  | { readonly kind: 'failed'; readonly refused: Refused };

export interface RestoreChoices {
  readonly undone: UndoneChoice;
  readonly keepSettings: boolean;
}

export type RestoreProgress =
  | { readonly kind: 'planned'; readonly refused: Refused | null; readonly isRenewed: boolean }
  | { readonly kind: 'running'; readonly at: LineageState['restore'] }
  /** `result` is null when the response was lost but the lineage shows that the restore succeeded. */
  | { readonly kind: 'done'; readonly result: RestoreResult | null }
  | {
      readonly kind: 'failed';
      readonly refused: Refused;
      readonly at: LineageState['restore'];
    };

const noAnswer: Refused = {
  text: 'The connection was lost before the restore finished.',
  next: 'The result is in the journal and will appear here once the engine reconnects.',
  code: null,
  facts: {},
};

export function progressOf(
  asked: CallState,
  plan: RestorePlan,
  lineage: LineageState,
): RestoreProgress {
  const mine = lineage.restore?.title === plan.title ? lineage.restore : null;
  switch (asked.kind) {
    case 'planned':
    case 'done':
      return asked;
    case 'running':
      // A failed state is left over from an earlier restore with the same title.
      return { kind: 'running', at: mine?.state === 'running' ? mine : null };
    case 'failed':
      if (mine?.state === 'running') return { kind: 'running', at: mine };
      // The connection may drop during the call; the lineage then shows the result.
      if (asked.refused.code === null && mine === null && lineage.head === plan.new_branch)
        return { kind: 'done', result: null };
      return { kind: 'failed', refused: asked.refused, at: mine };
  }
}

/** The engine protects the checkpoint of a plan for 15 minutes; renew well before that. Milliseconds. */
const RENEW_EVERY = 4 * 60 * 1000;

const restoreNow = (): LineageState['restore'] =>
  useEngine.getState().rooms?.lineage.restore ?? null;

export function useRestoreProgress(
  plan: RestorePlan,
  onPlan: (plan: RestorePlan) => void,
): {
  readonly progress: RestoreProgress;
  readonly carryOut: (choices: RestoreChoices) => Promise<void>;
} {
  const lineage = useRoom('lineage');
  const [asked, setAsked] = useState<CallState>({
    kind: 'planned',
    refused: null,
    isRenewed: false,
  });
  const isPlanned = asked.kind === 'planned';
  const { id } = plan;
  const source = JSON.stringify(plan.source);
  useEffect(() => {
    if (!isPlanned) return;
    let isUnmounted = false;
    const renew = async (): Promise<void> => {
      const outcome = await attempt((engine) =>
        engine.restore.plan({ source: JSON.parse(source) as RestoreSource }),
      );
      if (isUnmounted) return;
      if ('answer' in outcome) {
        onPlan(outcome.answer);
        setAsked((before) =>
          before.kind !== 'planned'
            ? before
            : {
                kind: 'planned',
                refused: null,
                isRenewed: before.isRenewed || outcome.answer.id !== id,
              },
        );
      } else if (outcome.trouble.code !== null)
        // Without a code the engine was unreachable: the frame shows that, and the plan is checked again on execution.
        setAsked({ kind: 'planned', refused: outcome.trouble, isRenewed: false });
    };
    const timer = setInterval(() => void renew(), RENEW_EVERY);
    return () => {
      isUnmounted = true;
      clearInterval(timer);
    };
  }, [isPlanned, id, source, onPlan]);
  const carryOut = async ({ undone, keepSettings }: RestoreChoices): Promise<void> => {
    const before = restoreNow()?.since ?? null;
    setAsked({ kind: 'running' });
    const outcome = await attempt((engine) =>
      engine.restore.carryOut({
        source: plan.source,
        plan: plan.id,
        undone,
        ...(keepSettings ? { keep_settings: true } : {}),
        by: 'you (window)',
      }),
    );
    if ('answer' in outcome) {
      setAsked({ kind: 'done', result: outcome.answer });
      return;
    }
    const { trouble } = outcome;
    // Refused before the restore started because the plan is outdated: show the new plan for confirmation.
    if (trouble.facts['plan'] !== undefined) {
      const renewed = await attempt((engine) => engine.restore.plan({ source: plan.source }));
      if ('answer' in renewed) {
        onPlan(renewed.answer);
        setAsked({ kind: 'planned', refused: null, isRenewed: true });
        return;
      }
    }
    const after = restoreNow();
    const hasBegun = after?.state === 'failed' && after.since !== before;
    if (!hasBegun && (trouble.code === 'BUSY' || trouble.code === 'DISK_FULL')) {
      setAsked({ kind: 'planned', refused: trouble, isRenewed: false });
      return;
    }
    setAsked({ kind: 'failed', refused: trouble.code === null ? noAnswer : trouble });
  };
  return { progress: progressOf(asked, plan, lineage), carryOut };
}
