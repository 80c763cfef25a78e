/** How far a restore is for the dialog that asked for it: its own call, and what the engine says of the restore that is under way. */
import { useEffect, useState } from 'react';
import type {
  LineageState,
  RestorePlan,
  RestoreResult,
  RestoreSource,
} from '../../../../src-main/contract/index.ts';
import { attempt, useEngine, useRoom, type Refused } from '../../../engine/index.ts';

type CallState =
  | { readonly kind: 'planned'; readonly refused: Refused | null; readonly isRenewed: boolean }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly result: RestoreResult }
  | { readonly kind: 'failed'; readonly refused: Refused };

export type Phase =
  | { readonly kind: 'planned'; readonly refused: Refused | null; readonly isRenewed: boolean }
  | { readonly kind: 'running'; readonly at: LineageState['restore'] }
  /** `result` is null when its answer was lost: the lineage says that it happened. */
  | { readonly kind: 'done'; readonly result: RestoreResult | null }
  | {
      readonly kind: 'failed';
      readonly refused: Refused;
      readonly at: LineageState['restore'];
    };

const noAnswer: Refused = {
  text: 'The connection ended before the answer came.',
  next: 'What the restore came to stands in the journal, and here when the engine is heard again.',
  code: null,
  facts: {},
};

export function progressOf(asked: CallState, plan: RestorePlan, lineage: LineageState): Phase {
  const mine = lineage.restore?.title === plan.title ? lineage.restore : null;
  switch (asked.kind) {
    case 'planned':
    case 'done':
      return asked;
    case 'running':
      // What failed before this one began is not this one.
      return { kind: 'running', at: mine?.state === 'running' ? mine : null };
    case 'failed':
      if (mine?.state === 'running') return { kind: 'running', at: mine };
      // The call may end with the connection; the lineage then says what came of it.
      if (asked.refused.code === null && mine === null && lineage.head === plan.new_branch)
        return { kind: 'done', result: null };
      return { kind: 'failed', refused: asked.refused, at: mine };
  }
}

/** The engine keeps the point of a plan for 15 minutes; an open dialog asks again well before that. Milliseconds. */
const RENEW_EVERY = 4 * 60 * 1000;

const restoreNow = (): LineageState['restore'] =>
  useEngine.getState().rooms?.lineage.restore ?? null;

export function useRestoreProgress(
  plan: RestorePlan,
  onPlan: (plan: RestorePlan) => void,
): { readonly phase: Phase; readonly carryOut: (queueAgain: boolean) => Promise<void> } {
  const lineage = useRoom('lineage');
  const [asked, setAsked] = useState<CallState>({ kind: 'planned', refused: null, isRenewed: false });
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
        // Without a code the engine was not reached: the frame says so, and the plan is compared anyway.
        setAsked({ kind: 'planned', refused: outcome.trouble, isRenewed: false });
    };
    const timer = setInterval(() => void renew(), RENEW_EVERY);
    return () => {
      isUnmounted = true;
      clearInterval(timer);
    };
  }, [isPlanned, id, source, onPlan]);
  const carryOut = async (queueAgain: boolean): Promise<void> => {
    const before = restoreNow()?.since ?? null;
    setAsked({ kind: 'running' });
    const outcome = await attempt((engine) =>
      engine.restore.carryOut({
        source: plan.source,
        plan: plan.id,
        queue_again: queueAgain,
        by: 'you (window)',
      }),
    );
    if ('answer' in outcome) {
      setAsked({ kind: 'done', result: outcome.answer });
      return;
    }
    const { trouble } = outcome;
    // Refused before anything began, or the plan did not hold: it can be agreed to again.
    if (trouble.facts['plan'] !== undefined) {
      const anew = await attempt((engine) => engine.restore.plan({ source: plan.source }));
      if ('answer' in anew) {
        onPlan(anew.answer);
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
  return { phase: progressOf(asked, plan, lineage), carryOut };
}
