/** The dialog for the diagnostics bundle, opened from Logs, Health and the command palette. */
import { Checkbox, Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { create } from 'zustand';
import { command, useAnswer, useLost } from '../../engine/index.ts';
import { DialogFooter } from '../../kit/dialog-footer.tsx';
import { bytes, plural } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './diagnostics.module.css';

const useDialog = create<{ readonly opened: boolean }>(() => ({ opened: false }));

export function openDiagnostics(): void {
  useDialog.setState({ opened: true });
}

/** Downloads the bundle; the browser or the desktop application asks where to save it. */
function save(bundle: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(bundle);
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}

function Content({ onClose }: { readonly onClose: () => void }): ReactElement {
  const lost = useLost();
  const [names, setNames] = useState(false);
  const [saving, setSaving] = useState(false);
  const { answer } = useAnswer(`diagnostics|${String(names)}`, (engine) =>
    engine.diagnostics.list({ names }),
  );
  const isReady = answer?.names === names;
  const saveBundle = async (): Promise<void> => {
    if (answer === null) return;
    setSaving(true);
    const bundle = await command((engine) => engine.diagnostics.bundle({ names }));
    setSaving(false);
    onClose();
    if (bundle !== null) save(bundle, answer.name);
  };
  return (
    <>
      <p className={textStyles.secondary}>
        One file for investigating a problem. It contains no dataset rows, prompts, responses,
        tokens or secrets; the home folder is written as ~. It is saved on this machine and not sent
        anywhere.
      </p>
      <div className={styles.files} tabIndex={0} role="region" aria-label="Contents">
        <table>
          <thead>
            <tr>
              <th>File</th>
              <th className={tableStyles.numberCell}>Size</th>
              <th>Contents</th>
            </tr>
          </thead>
          <tbody>
            {(answer?.files ?? []).map((file) => (
              <tr key={file.path}>
                <td className={textStyles.mono}>{file.path}</td>
                <td className={tableStyles.numberCell}>{bytes(file.bytes)}</td>
                <td className={textStyles.secondary}>
                  {file.about}
                  {file.omitted === 0 ? '' : `; ${plural(file.omitted, 'line')} omitted`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Checkbox
        label="Include the names of files, datasets and models (otherwise hashed)"
        checked={names}
        onChange={(event) => {
          setNames(event.currentTarget.checked);
        }}
      />
      <DialogFooter
        confirm={saving ? 'Saving' : 'Save file'}
        disabled={lost || !isReady || saving}
        onConfirm={() => void saveBundle()}
        onCancel={onClose}
      />
    </>
  );
}

export function Diagnostics(): ReactElement {
  const opened = useDialog((state) => state.opened);
  const close = (): void => {
    useDialog.setState({ opened: false });
  };
  return (
    <Modal opened={opened} onClose={close} size={760} title="Save diagnostics">
      {opened ? <Content onClose={close} /> : null}
    </Modal>
  );
}
