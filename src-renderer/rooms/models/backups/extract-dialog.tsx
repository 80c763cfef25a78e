/** Copies the files of a backup to a new folder outside the workspace. Doesn't change the model. */
import { Button } from '@mantine/core';
import { useState, type SyntheticEvent, type ReactElement } from 'react';
import type { Backup } from '../../../../src-main/contract/index.ts';
import { attempt, useLost, type EngineClient, type Refused } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { FolderField } from '../../../kit/folder-field.tsx';
import { bytes, plural } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import dialogStyles from '../dialogs.module.css';
import { RefusalMessage } from '../refusal-message.tsx';
import verificationStyles from '../verification.module.css';
import { CopyProgress, currentTime } from './copy-progress.tsx';

type Extracted = Awaited<ReturnType<EngineClient['backups']['extract']>>;

type Phase =
  | { readonly kind: 'asking'; readonly refused: Refused | null }
  | { readonly kind: 'copying'; readonly since: number }
  | { readonly kind: 'done'; readonly result: Extracted };

/** Path of a new folder for this backup inside the chosen one, with the separator that the chosen path uses. */
function newFolderIn(folder: string, { id }: Backup): string {
  const separator = folder.includes('\\') ? '\\' : '/';
  const name = id.replace(/[^\w-]+/g, '-');
  return folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`;
}

export function ExtractDialog({
  backup,
  onClose,
}: {
  readonly backup: Backup;
  readonly onClose: () => void;
}): ReactElement {
  const lost = useLost();
  const [to, setTo] = useState('');
  const [phase, setPhase] = useState<Phase>({ kind: 'asking', refused: null });
  const isReady = to.trim() !== '' && phase.kind === 'asking' && !lost;

  const extract = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (!isReady) return;
    setPhase({ kind: 'copying', since: currentTime() });
    const outcome = await attempt((engine) =>
      engine.backups.extract({ id: backup.id, to: to.trim(), by: 'you (window)' }),
    );
    setPhase(
      'answer' in outcome
        ? { kind: 'done', result: outcome.answer }
        : { kind: 'asking', refused: outcome.trouble },
    );
  };

  return (
    <Dialog title="Extract to a folder" size={560} onClose={onClose}>
      <form
        onSubmit={(event) => {
          void extract(event);
        }}
      >
        <p className={classNames(textStyles.secondary, textStyles.wrap)}>
          Copies {plural(backup.files, 'file')} ({bytes(backup.bytes)}) of {backup.id} (
          {backup.holds}) to a new folder on the engine’s machine, outside the workspace. The model
          isn’t changed.
        </p>
        {phase.kind === 'done' ? (
          <p
            role="status"
            className={classNames(
              verificationStyles.result,
              textStyles.success,
              dialogStyles.field,
            )}
          >
            <Glyph name="done" />
            <span>
              Extracted {plural(phase.result.files, 'file')} ({bytes(phase.result.bytes)}) to{' '}
              <span className={textStyles.mono}>{phase.result.folder}</span>, checksum OK
            </span>
          </p>
        ) : (
          <FolderField
            isFirst
            className={dialogStyles.field}
            label="New folder"
            value={to}
            within={(path) => newFolderIn(path, backup)}
            onChange={(value) => {
              setTo(value);
              if (phase.kind === 'asking') setPhase({ kind: 'asking', refused: null });
            }}
          />
        )}
        {phase.kind === 'asking' && phase.refused !== null ? (
          <RefusalMessage refused={phase.refused} />
        ) : null}
        <div className={layoutStyles.dialogFooter}>
          {phase.kind === 'copying' ? (
            <CopyProgress since={phase.since} />
          ) : phase.kind === 'asking' ? (
            <span className={classNames(textStyles.caption, textStyles.wrap)}>
              Every file is verified after copying.
            </span>
          ) : null}
          <span className={layoutStyles.grow} />
          <Button size="md" onClick={onClose}>
            {phase.kind === 'asking' ? 'Cancel' : 'Close'}
          </Button>
          {phase.kind === 'done' ? null : (
            <Button size="md" variant="filled" type="submit" disabled={!isReady}>
              Extract
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
