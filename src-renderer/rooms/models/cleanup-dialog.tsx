/** A clean-up: its limit, the plan with a reason per item, and the deletion once the plan is confirmed. */
import { TextInput } from '@mantine/core';
import { useEffect, useState, type ReactElement } from 'react';
import { useLost, type Refused } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Dialog } from '../../kit/dialog.tsx';
import { DialogFooter } from '../../kit/dialog-footer.tsx';
import { bytes, plural } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import dialogStyles from './dialogs.module.css';
import { RefusalMessage } from './refusal-message.tsx';

export interface CleanupRow {
  readonly name: string;
  readonly bytes: number;
  readonly why: string;
}
export interface CleanupPlan {
  readonly removes: readonly CleanupRow[];
  readonly keeps: readonly CleanupRow[];
  readonly freed: number;
}

/** `ask(value, execute)` returns the plan for a value of the field, or executes it. null: the field is empty. */
export interface CleanupAction {
  readonly title: string;
  readonly introduction: string;
  readonly field: string;
  readonly initialValue: string;
  /** Whether a value is allowed. */
  readonly valid: (value: number | null) => boolean;
  readonly itemName: string;
  readonly ask: (
    value: number | null,
    execute: boolean,
  ) => Promise<{ readonly answer: CleanupPlan } | { readonly trouble: Refused }>;
}

const numberOf = (text: string): number | null => (text.trim() === '' ? null : Number(text));

export function CleanupDialog({
  act,
  onClose,
}: {
  readonly act: CleanupAction;
  readonly onClose: () => void;
}): ReactElement {
  const lost = useLost();
  const [text, setText] = useState(act.initialValue);
  const [plan, setPlan] = useState<{ readonly text: string; readonly plan: CleanupPlan } | null>(
    null,
  );
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  const isValid = act.valid(numberOf(text));
  useEffect(() => {
    if (!isValid) return;
    let isUnmounted = false;
    void act.ask(numberOf(text), false).then((outcome) => {
      if (isUnmounted) return;
      if ('answer' in outcome) {
        setPlan({ text, plan: outcome.answer });
        setRefused(null);
      } else setRefused(outcome.trouble);
    });
    return () => {
      isUnmounted = true;
    };
  }, [act, text, isValid]);
  // Only a plan for the number that is in the field now may be executed.
  const agreed = plan !== null && plan.text === text && isValid ? plan.plan : null;
  const removes = agreed?.removes.length ?? 0;
  const remove = async (): Promise<void> => {
    setRemoving(true);
    const outcome = await act.ask(numberOf(text), true);
    setRemoving(false);
    if ('answer' in outcome) onClose();
    else setRefused(outcome.trouble);
  };
  return (
    <Dialog title={act.title} size={640} onClose={onClose}>
      <p className={classNames(textStyles.secondary, dialogStyles.introduction)}>
        {act.introduction}
      </p>
      <TextInput
        className={dialogStyles.numberField}
        label={act.field}
        type="number"
        min={0}
        value={text}
        error={isValid ? null : 'Enter a whole number, 1 or more'}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      {agreed === null ? (
        <p className={classNames(textStyles.secondary, dialogStyles.plan)} role="status">
          {isValid && refused === null ? 'Checking what would be deleted…' : ''}
        </p>
      ) : (
        <div className={dialogStyles.plan} tabIndex={0} role="region" aria-label="Plan">
          <Rows title="Will be deleted" rows={agreed.removes} none="Nothing to delete." />
          <Rows title="Will be kept" rows={agreed.keeps} none="Nothing would be kept." />
        </div>
      )}
      {refused === null ? null : <RefusalMessage refused={refused} />}
      <DialogFooter
        note={
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {agreed === null || removes === 0 ? '' : `Frees ${bytes(agreed.freed)}.`}
          </span>
        }
        confirm={isRemoving ? 'Deleting' : `Delete ${plural(removes, act.itemName)}`}
        disabled={lost || removes === 0 || isRemoving}
        onConfirm={() => {
          void remove();
        }}
        onCancel={onClose}
      />
    </Dialog>
  );
}

function Rows({
  title,
  rows,
  none,
}: {
  readonly title: string;
  readonly rows: readonly CleanupRow[];
  readonly none: string;
}): ReactElement {
  return (
    <>
      <h3 className={textStyles.label}>
        {title} {rows.length === 0 ? '' : String(rows.length)}
      </h3>
      {rows.length === 0 ? (
        <p className={textStyles.secondary}>{none}</p>
      ) : (
        <table aria-label={title}>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <td>{row.name}</td>
                <td className={classNames(textStyles.secondary, dialogStyles.reason)}>{row.why}</td>
                <td className={tableStyles.numberCell}>{bytes(row.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
