/** The acts of a restore in their order, with their times before and their progress during it. */
import type { ReactElement } from 'react';
import type { LineageState, RestorePlan } from '../../../src-main/contract/index.ts';
import { Glyph } from '../../kit/marks.tsx';
import { actName, actTime, type Act } from './restore-words.ts';

type ActState = 'planned' | 'done' | 'running' | 'failed' | 'waiting';

/** Names of files and folders in a sentence of the plan. */
const codes = /(step-\d{8}|[\w.-]+\/[\w./-]*|lineage\.json)/;

function Sentence({ text }: { readonly text: string }): ReactElement {
  return (
    <>
      {text.split(codes).map((part, index) =>
        index % 2 === 1 ? (
          <span key={part} className="mono s">
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
  acts: RestorePlan['acts'],
  act: Act,
  at: LineageState['restore'] | 'over',
): ActState {
  if (at === null) return 'planned';
  if (at === 'over') return 'done';
  const order = acts.map((action) => action.act);
  const here = order.indexOf(act);
  const now = order.indexOf(at.act);
  if (here !== now) return here < now ? 'done' : 'waiting';
  return at.state;
}

const stateWords: Readonly<Record<ActState, string>> = {
  planned: '',
  done: 'done',
  running: 'under way',
  failed: 'failed',
  waiting: 'not begun',
};

/** `at`: how far it is; null: it has not begun; `over`: all of it is done. */
export function Acts({
  acts,
  at,
}: {
  readonly acts: RestorePlan['acts'];
  readonly at: LineageState['restore'] | 'over';
}): ReactElement {
  return (
    <ol className="will" aria-label="What happens">
      {acts.map((action, index) => {
        const state = stateOf(acts, action.act, at);
        const time = state === 'done' || state === 'failed' ? null : actTime(action.seconds);
        return (
          <li key={action.act} data-act={action.act} data-state={state}>
            <span className="nr" aria-hidden="true">
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
              <b>{actName(action.act)}.</b> <Sentence text={action.text} />
              {state === 'planned' ? null : (
                <span className="visually-hidden"> ({stateWords[state]})</span>
              )}
            </span>
            <time>{time ?? ''}</time>
          </li>
        );
      })}
    </ol>
  );
}
