/** Deletes a version. Shows its size and whether it is the last copy; the full name must be typed. */
import { Button, Checkbox, TextInput } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { Version } from '../../../../src-main/contract/index.ts';
import { command, useAnswer, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { bytes, count } from '../../../kit/format.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import dialogStyles from '../dialogs.module.css';

const BY = 'you (window)';

export function DeleteDialog({
  version,
  isLastCopy,
  onClose,
}: {
  readonly version: Version;
  readonly isLastCopy: boolean;
  readonly onClose: () => void;
}): ReactElement {
  const [typed, setTyped] = useState('');
  const [agreed, setAgreed] = useState(false);
  const ready = typed === version.name && (!isLastCopy || agreed);
  return (
    <Dialog onClose={onClose} title={`Delete ${version.name}`} size={520}>
      <p className={classNames(textStyles.secondary, dialogStyles.introduction)}>
        Moves {bytes(version.bytes)} to the trash, where the files are deleted after 30 days.{' '}
        {isLastCopy
          ? `No checkpoint or other version contains step ${count(version.step)}: this is the last copy.`
          : `Step ${count(version.step)} is also in a checkpoint or another version.`}
      </p>
      <TextInput
        data-autofocus
        label={`Type ${version.name}`}
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
      {isLastCopy ? (
        <Checkbox
          className={dialogStyles.field}
          label="Delete the last copy of this step"
          checked={agreed}
          onChange={(event) => {
            setAgreed(event.currentTarget.checked);
          }}
        />
      ) : null}
      <div className={layoutStyles.dialogFooter}>
        <span className={layoutStyles.grow} />
        <Button size="md" onClick={onClose}>
          Cancel
        </Button>
        <Button
          size="md"
          variant="filled"
          className={dialogStyles.deleteButton}
          disabled={!ready}
          onClick={() => {
            onClose();
            void command((engine) =>
              engine.versions.remove({
                name: version.name,
                confirm: typed,
                last_copy: isLastCopy && agreed,
                by: BY,
              }),
            );
          }}
        >
          Delete {version.name}
        </Button>
      </div>
    </Dialog>
  );
}

/** Whether no checkpoint or other version contains the same step. Asks the engine, which checks it again on delete. */
export function useLastCopy(version: Version | null): boolean {
  const checkpoints = useRoom('status').last_checkpoint_step;
  const { answer } = useAnswer(
    version === null ? null : `${version.name}|${String(checkpoints)}`,
    async (engine) => {
      if (version === null) return false;
      const { last_copy } = await engine.versions.get({ name: version.name });
      return last_copy;
    },
  );
  return answer ?? true;
}
