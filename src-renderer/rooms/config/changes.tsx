/**
 * The unsaved edits as a diff, and the bar that saves them, with a confirmation for those with
 * consequences.
 */
import { Button, Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ConfigState, EstimateAnswer } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { DialogFooter } from '../../kit/dialog-footer.tsx';
import { plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './config.module.css';
import { Consequences } from './consequences.tsx';
import { forgetEdits, shown, type Pending } from './edits.ts';
import estimateStyles from './estimate.module.css';

/**
 * Saves one setting after another, so that a refusal refers to one of them. Saved edits are
 * dropped.
 */
async function save(changes: readonly Pending[]): Promise<void> {
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
  return now === 0
    ? 'Stage for next dataset'
    : `Save ${String(now)} now, ${String(staged)} from the next dataset`;
}

function Diff({ pending }: { readonly pending: readonly Pending[] }): ReactElement {
  return (
    <table className={classNames(styles.diff, textStyles.mono)} aria-label="Unsaved settings">
      <tbody>
        {pending.map((change) => (
          <tr key={change.key}>
            <th scope="row">{change.key}</th>
            <td>
              <del>{shown(change.before)}</del>
            </td>
            <td>
              <ins className={change.problem === null ? undefined : textStyles.failure}>
                {shown(change.after)}
              </ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ConfirmDialog({
  opened,
  pending,
  estimate,
  onClose,
}: {
  readonly opened: boolean;
  readonly pending: readonly Pending[];
  readonly estimate: EstimateAnswer | null;
  readonly onClose: () => void;
}): ReactElement {
  const consents = pending.filter((change) => change.consent !== null);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={
        consents.length === 1 ? `Change ${consents[0]?.key ?? ''}` : 'Changes with consequences'
      }
      size={640}
    >
      <Consequences consents={consents} estimate={estimate} />
      <DialogFooter
        confirm={
          pending.every((change) => change.staged) ? 'Change from next dataset' : 'Change now'
        }
        onConfirm={() => {
          onClose();
          void save(pending);
        }}
        onCancel={onClose}
      />
    </Modal>
  );
}

/** Always visible while there are edits, wherever the form is scrolled to. */
export function UnsavedBar({
  pending,
  estimate,
}: {
  readonly pending: readonly Pending[];
  readonly estimate: EstimateAnswer | null;
}): ReactElement | null {
  const lost = useLost();
  const [asking, setAsking] = useState(false);
  const wrong = pending.filter((change) => change.problem !== null).length;
  const consents = pending.filter((change) => change.consent !== null);
  if (pending.length === 0) return null;
  return (
    <div className={styles.unsavedBar} role="region" aria-label="Unsaved changes">
      <span className={textStyles.number}>
        {plural(pending.length, 'setting')}, not saved
        {wrong === 0 ? null : (
          <span className={textStyles.failure}>
            {' '}
            {wrong === 1 ? '1 setting is invalid.' : `${String(wrong)} settings are invalid.`}
          </span>
        )}
      </span>
      <span className={layoutStyles.spacer} />
      <Button
        onClick={() => {
          forgetEdits(pending.map((change) => change.key));
        }}
      >
        Discard
      </Button>
      <Button
        variant="filled"
        disabled={lost || wrong > 0}
        onClick={() => {
          if (consents.length > 0) setAsking(true);
          else void save(pending);
        }}
      >
        {buttonText(pending)}
      </Button>
      <ConfirmDialog
        opened={asking && consents.length > 0}
        pending={pending}
        estimate={estimate}
        onClose={() => {
          setAsking(false);
        }}
      />
    </div>
  );
}

export function Changes({
  pending,
  state,
}: {
  readonly pending: readonly Pending[];
  readonly state: ConfigState;
}): ReactElement {
  const staged = Object.entries(state.staged);
  return (
    <aside className={estimateStyles.changes} aria-label="Changes">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Changes</h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {pending.length === 0 ? 'none' : `${plural(pending.length, 'setting')}, not saved`}
        </span>
      </div>
      {pending.length === 0 ? (
        <p className={textStyles.secondary}>Edits are listed here until you save.</p>
      ) : (
        <Diff pending={pending} />
      )}
      {staged.length === 0 ? null : (
        <>
          <h2 className={textStyles.label}>Staged for next dataset</h2>
          <table className={classNames(styles.diff, textStyles.mono)} aria-label="Staged settings">
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
    </aside>
  );
}
