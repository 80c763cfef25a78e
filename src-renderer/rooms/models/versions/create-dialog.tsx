/** Creates a version manually. */
import { Button, TextInput } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { count } from '../../../kit/format.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import dialogStyles from '../dialogs.module.css';

const BY = 'you (window)';

export function CreateDialog({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (name: string) => void;
}): ReactElement {
  const saved = useRoom('status').last_checkpoint_step;
  const [description, setDescription] = useState('');
  const ready = description.trim() !== '';
  return (
    <Dialog onClose={onClose} title="Create version" size={520}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          onClose();
          void command((engine) =>
            engine.versions.create({ description: description.trim(), by: BY }),
          ).then((made) => {
            if (made !== null) onMade(made.name);
          });
        }}
      >
        <p className={classNames(textStyles.secondary, dialogStyles.introduction)}>
          {saved === null
            ? 'Keeps the weights of the latest checkpoint.'
            : `Keeps the weights of the latest checkpoint (step ${count(saved)}).`}{' '}
          Uses no extra disk space while the checkpoint exists (hard links).
        </p>
        <TextInput
          data-autofocus
          label="Description"
          maxLength={500}
          value={description}
          onChange={(event) => {
            setDescription(event.currentTarget.value);
          }}
        />
        <div className={layoutStyles.dialogFooter}>
          <span className={layoutStyles.grow} />
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button size="md" variant="filled" type="submit" disabled={!ready}>
            Create version
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
