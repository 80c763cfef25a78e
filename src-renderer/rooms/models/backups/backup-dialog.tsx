/** Making a backup by hand: of the model, of a version, or of any folder of the engine's machine. */
import { Button, NativeSelect, Radio, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type SyntheticEvent, type ReactElement } from 'react';
import type { BackupSource, Version } from '../../../../src-main/contract/index.ts';
import { attempt, useLost, useRoom, type Refused } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { FolderField } from '../../../kit/folder-field.tsx';
import { bytes, count, gigabytes } from '../../../kit/format.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import dialogStyles from '../dialogs.module.css';
import { choose } from '../models-store.ts';
import { RefusalMessage } from '../refusal-message.tsx';
import { backupKey } from '../saved-models.ts';
import { CopyProgress, currentTime } from './copy-progress.tsx';

interface Fields {
  readonly kind: BackupSource['kind'];
  readonly name: string;
  readonly folder: string;
}

/** null while the fields name nothing that can be backed up. */
function sourceOf(fields: Fields, version: Version | undefined): BackupSource | null {
  const path = fields.folder.trim();
  switch (fields.kind) {
    case 'model':
      return { kind: 'model' };
    case 'version':
      return version === undefined ? null : { kind: 'version', name: version.name };
    case 'folder':
      return path === '' ? null : { kind: 'folder', path };
  }
}

export function BackupDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const lost = useLost();
  const versions = useRoom('versions');
  const { checkpoints, head } = useRoom('lineage');
  const [fields, setFields] = useState<Fields>({
    kind: 'model',
    name: versions[0]?.name ?? '',
    folder: '',
  });
  const [reason, setReason] = useState('');
  const [since, setSince] = useState<number | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const isOpen = useRef(true);
  const isClosed = useRef(onClose);
  useEffect(() => {
    isOpen.current = true;
    isClosed.current = onClose;
    return () => {
      isOpen.current = false;
    };
  }, [onClose]);
  const newest = checkpoints.find(
    (checkpoint) => checkpoint.branch === head && checkpoint.problem === null,
  );
  const { kind } = fields;
  const version = versions.find((version) => version.name === fields.name);
  const source = sourceOf(fields, version);
  const size = kind === 'model' ? newest?.bytes : kind === 'version' ? version?.bytes : undefined;
  const isReady = source !== null && reason.trim() !== '' && since === null && !lost;

  const make = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (!isReady) return;
    setSince(currentTime());
    setRefused(null);
    const outcome = await attempt((engine) =>
      engine.backups.create({
        source,
        type: 'manual',
        reason: reason.trim(),
        by: 'you (window)',
      }),
    );
    if ('answer' in outcome) choose(backupKey(outcome.answer));
    if (!isOpen.current) return;
    if ('answer' in outcome) {
      isClosed.current();
      return;
    }
    setSince(null);
    setRefused(outcome.trouble);
  };

  return (
    <Dialog title="Back up" size={560} onClose={onClose}>
      <form
        onSubmit={(event) => {
          void make(event);
        }}
      >
        <SourceFields
          fields={fields}
          onChange={(change) => {
            setFields((current) => ({ ...current, ...change }));
          }}
          versions={versions}
          newestStep={newest?.step ?? null}
        />
        <TextInput
          data-autofocus
          className={dialogStyles.field}
          label="Reason"
          maxLength={500}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        {refused === null ? null : <RefusalMessage refused={refused} />}
        <div className={layoutStyles.dialogFooter}>
          {since === null ? <SpaceNote size={size} /> : <CopyProgress since={since} />}
          <span className={layoutStyles.grow} />
          <Button size="md" onClick={onClose}>
            {since === null ? 'Cancel' : 'Close'}
          </Button>
          <Button size="md" variant="filled" type="submit" disabled={!isReady}>
            Back up
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Size of the copy, when it is known, and the free space. */
function SpaceNote({ size }: { readonly size: number | undefined }): ReactElement {
  const free = useRoom('machine').disk_free_gb;
  return (
    <span className={classNames(textStyles.caption, textStyles.number, textStyles.wrap)}>
      {size === undefined ? '' : `${bytes(size)}, `}
      {free === null ? 'free space unknown' : `${gigabytes(free)} free`}. Every file is verified
      after copying.
    </span>
  );
}

function SourceFields({
  fields,
  onChange,
  versions,
  newestStep,
}: {
  readonly fields: Fields;
  readonly onChange: (change: Partial<Fields>) => void;
  readonly versions: readonly Version[];
  /** Step of the newest usable checkpoint, null for none. */
  readonly newestStep: number | null;
}): ReactElement {
  const { kind } = fields;
  return (
    <>
      <Radio.Group
        label="What to back up"
        value={kind}
        onChange={(value) => {
          onChange({
            kind: value === 'version' || value === 'folder' ? value : 'model',
          });
        }}
      >
        <div className={dialogStyles.radios}>
          <Radio
            value="model"
            disabled={newestStep === null}
            label={
              newestStep === null
                ? 'Model (no checkpoint yet)'
                : `Model: latest checkpoint (step ${count(newestStep)}) and its lineage`
            }
          />
          <Radio value="version" disabled={versions.length === 0} label="Version" />
          <Radio value="folder" label="Folder on the engine’s machine" />
        </div>
      </Radio.Group>
      {kind === 'version' ? (
        <NativeSelect
          className={dialogStyles.field}
          label="Version"
          data={versions.map((version) => version.name)}
          value={fields.name}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
      ) : null}
      {kind === 'folder' ? (
        <FolderField
          className={dialogStyles.field}
          label="Folder"
          value={fields.folder}
          onChange={(path) => {
            onChange({ folder: path });
          }}
        />
      ) : null}
    </>
  );
}
