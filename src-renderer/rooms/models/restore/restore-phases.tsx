/** The phases of a restore in order, with estimated times before and progress during it. */
import type { ReactElement } from 'react';
import type { LineageState, RestorePlan } from '../../../../src-main/contract/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Glyph } from '../../../kit/marks.tsx';
import textStyles from '../../../kit/styles/text.module.css';
import { phaseName, phaseTime, type RestorePhase } from './restore-text.ts';
import restoreStyles from './restore.module.css';

type PhaseState = 'planned' | 'done' | 'running' | 'failed' | 'waiting';

/** Names of files and folders in a sentence of the plan, set in monospace. */
const FILE_NAMES = /(step-\d{8}|[\w.-]+\/[\w./-]*|lineage\.json)/;

function Sentence({ text }: { readonly text: string }): ReactElement {
  return (
    <>
      {text.split(FILE_NAMES).map((part, index) =>
        index % 2 === 1 ? (
          <span key={part} className={classNames(textStyles.mono, restoreStyles.fileName)}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}

function stateOf(
  phases: RestorePlan['phases'],
  phase: RestorePhase,
  at: LineageState['restore'] | 'over',
): PhaseState {
  if (at === null) return 'planned';
  if (at === 'over') return 'done';
  const order = phases.map((action) => action.phase);
  const here = order.indexOf(phase);
  const now = order.indexOf(at.phase);
  if (here !== now) return here < now ? 'done' : 'waiting';
  return at.state;
}

const stateWords: Readonly<Record<PhaseState, string>> = {
  planned: '',
  done: 'done',
  running: 'in progress',
  failed: 'failed',
  waiting: 'waiting',
};

/** `at`: the phase that is running; null before the start; `over` when all phases are done. */
export function RestorePhases({
  phases,
  at,
}: {
  readonly phases: RestorePlan['phases'];
  readonly at: LineageState['restore'] | 'over';
}): ReactElement {
  return (
    <ol className={restoreStyles.phases} aria-label="Restore steps">
      {phases.map((action, index) => {
        const state = stateOf(phases, action.phase, at);
        const time = state === 'done' || state === 'failed' ? null : phaseTime(action.seconds);
        return (
          <li key={action.phase} data-phase={action.phase} data-state={state}>
            <span className={restoreStyles.phaseNumber} aria-hidden="true">
              {state === 'done' ? (
                <Glyph name="done" />
              ) : state === 'failed' ? (
                <Glyph name="failed" />
              ) : state === 'running' ? (
                <Glyph name="loading" />
              ) : (
                index + 1
              )}
            </span>
            <span>
              <b>{phaseName(action.phase)}.</b> <Sentence text={action.text} />
              {state === 'planned' ? null : (
                <span className={textStyles.visuallyHidden}> ({stateWords[state]})</span>
              )}
            </span>
            <time>{time ?? ''}</time>
          </li>
        );
      })}
    </ol>
  );
}
