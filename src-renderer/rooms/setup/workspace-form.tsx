/** Opens another workspace: a path or a folder of the native dialog; what is wrong with it stays at the field. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { classNames } from '../../kit/class-names.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './setup.module.css';

export function WorkspaceForm({
  current,
  open,
}: {
  readonly current: string;
  /** Resolves to what is wrong with the folder; null when it is being opened. */
  readonly open: (path: string) => Promise<string | null>;
}): ReactElement {
  const [isShown, setShown] = useState(false);
  const [folder, setFolder] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isOpening, setOpening] = useState(false);
  if (!isShown)
    return (
      <Button
        className={styles.actions}
        onClick={() => {
          setShown(true);
        }}
      >
        Use another folder
      </Button>
    );
  const submit = async (): Promise<void> => {
    setOpening(true);
    const refused = await open(folder.trim()).catch((error: unknown) => String(error));
    setProblem(refused);
    setOpening(false);
  };
  const isSame = folder.trim() === current;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <FolderField
        className={styles.workspaceField}
        label="Workspace folder"
        placeholder="path to the folder"
        value={folder}
        error={problem}
        onChange={(path) => {
          setFolder(path);
          setProblem(null);
        }}
      />
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button
          type="submit"
          variant="filled"
          disabled={folder.trim() === '' || isSame || isOpening}
        >
          Open workspace
        </Button>
        <Button
          onClick={() => {
            setShown(false);
          }}
        >
          Cancel
        </Button>
        <span className={textStyles.caption}>
          {isSame ? 'This workspace is open.' : 'A folder that doesn’t exist is created.'}
        </span>
      </div>
    </form>
  );
}
