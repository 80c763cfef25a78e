/** What would be kept, as a difference; consent for what has consequences; then key by key to the engine. */
import { Button, Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ConfigState, EstimateAnswer } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Consequences } from './consequences.tsx';
import { forgetEdits, shown, type Pending } from './edits.ts';

/** One after another, so that a refusal names its setting; what was kept is no edit any more. */
async function keep(changes: readonly Pending[]): Promise<void> {
  for (const change of changes) {
    const answer = await command((engine) =>
      engine.config.set({
        key: change.key,
        value: change.after,
        confirm: change.consent === null ? null : change.key,
        stage: change.staged,
        by: 'you (window)',
      }),
    );
    if (answer === null) return;
    forgetEdits([change.key]);
  }
}

function buttonText(changes: readonly Pending[]): string {
  const staged = changes.filter((change) => change.staged).length;
  const now = changes.length - staged;
  if (staged === 0) return 'Save changes';
  return now === 0 ? 'Stage for the next dataset' : `Save ${String(now)}, stage ${String(staged)}`;
}

export function Changes({
  pending,
  state,
  estimate,
}: {
  readonly pending: readonly Pending[];
  readonly state: ConfigState;
  readonly estimate: EstimateAnswer | null;
}): ReactElement {
  const lost = useLost();
  const [asking, setAsking] = useState(false);
  const wrong = pending.filter((pending) => pending.problem !== null).length;
  const consents = pending.filter((pending) => pending.consent !== null);
  const staged = Object.entries(state.staged);
  const text = buttonText(pending);
  return (
    <aside className="cchanges" aria-label="Changes">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Changes</h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {pending.length === 0 ? 'none' : `${plural(pending.length, 'setting')}, not kept yet`}
        </span>
      </div>
      {pending.length === 0 ? (
        <p className={textStyles.secondary}>
          Nothing is changed while you type. What you change is listed here first.
        </p>
      ) : (
        <>
          <table
            className={classNames('cdiff', textStyles.mono)}
            aria-label="Settings that would change"
          >
            <tbody>
              {pending.map((pending) => (
                <tr key={pending.key}>
                  <th scope="row">{pending.key}</th>
                  <td>
                    <del>{shown(pending.before)}</del>
                  </td>
                  <td>
                    <ins className={pending.problem === null ? undefined : textStyles.failure}>
                      {shown(pending.after)}
                    </ins>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <div className={layoutStyles.row}>
            <Button
              variant="filled"
              disabled={lost || wrong > 0}
              onClick={() => {
                if (consents.length > 0) setAsking(true);
                else void keep(pending);
              }}
            >
              {text}
            </Button>
            <Button
              onClick={() => {
                forgetEdits(pending.map((pending) => pending.key));
              }}
            >
              Discard
            </Button>
          </div>
          {wrong === 0 ? null : (
            <p className={textStyles.failure}>
              {plural(wrong, 'setting')} cannot be kept as it is.
            </p>
          )}
        </>
      )}
      {staged.length === 0 ? null : (
        <>
          <h2 className={textStyles.label}>Staged for the next dataset</h2>
          <table className={classNames('cdiff', textStyles.mono)} aria-label="Staged settings">
            <tbody>
              {staged.map(([key, value]) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  <td>{shown(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <Modal
        opened={asking && consents.length > 0}
        onClose={() => {
          setAsking(false);
        }}
        title={
          consents.length === 1 ? `Change ${consents[0]?.key ?? ''}` : 'Changes with consequences'
        }
        size={640}
      >
        <Consequences consents={consents} estimate={estimate} />
        <div className={layoutStyles.dialogFooter}>
          <span className={layoutStyles.grow} />
          <Button
            size="md"
            data-autofocus
            onClick={() => {
              setAsking(false);
            }}
          >
            Cancel
          </Button>
          <Button
            size="md"
            variant="filled"
            onClick={() => {
              setAsking(false);
              void keep(pending);
            }}
          >
            {pending.every((pending) => pending.staged)
              ? 'Change from the next dataset'
              : 'Change now'}
          </Button>
        </div>
      </Modal>
    </aside>
  );
}
