/** Details and actions of the selected point, next to the lists. */
import { Button } from '@mantine/core';
import { IconFolderDown } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { Backup, CheckpointFacts } from '../../../src-main/contract/index.ts';
import { useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, clock, count, plural } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { BackupState } from './backups/backup-state.tsx';
import { typeWord } from './backups/backup-table.tsx';
import { placeText } from './checkpoints/checkpoint-table.tsx';
import { openDialog } from './models-store.ts';
import detailStyles from './point-details.module.css';
import { PointFacts, RestoreButton } from './point-facts.tsx';
import { pointText, restorableOf, type Chosen } from './saved-models.ts';
import verificationStyles from './verification.module.css';
import { useVerification, verifyBackup } from './verification.ts';
import { VersionDetails } from './versions/version-details.tsx';

export function PointDetails({ chosen }: { readonly chosen: Chosen }): ReactElement {
  switch (chosen.kind) {
    case 'version':
      return <VersionDetails version={chosen.version} />;
    case 'checkpoint':
      return <CheckpointDetails checkpoint={chosen.checkpoint} />;
    case 'backup':
      return <BackupDetails backup={chosen.backup} />;
  }
}

function CheckpointDetails({ checkpoint }: { readonly checkpoint: CheckpointFacts }): ReactElement {
  const now = useNowSeconds();
  const chosen: Chosen = { kind: 'checkpoint', checkpoint };
  return (
    <aside className={detailStyles.details} aria-label={`Details of ${pointText(checkpoint)}`}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={classNames(textStyles.title, textStyles.ellipsis)}>
          Checkpoint {count(checkpoint.step)}
        </h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {bytes(checkpoint.bytes)}
        </span>
      </div>
      <PointFacts
        facts={[
          ['Branch', checkpoint.branch],
          ['Saved', clock(checkpoint.created, now)],
          ['Position', placeText(checkpoint)],
          ['Status', checkpoint.in_ancestry ? 'active' : 'abandoned branch'],
        ]}
      />
      {checkpoint.problem === null ? null : (
        <p className={classNames(verificationStyles.result, textStyles.failure)}>
          <Glyph name="failed" />
          <span>{checkpoint.problem}</span>
        </p>
      )}
      <p className={classNames(textStyles.mono, textStyles.caption, detailStyles.folder)}>
        {checkpoint.folder}
      </p>
      <div className={classNames(layoutStyles.row, detailStyles.actions)}>
        <RestoreButton chosen={chosen} />
      </div>
    </aside>
  );
}

function BackupDetails({ backup }: { readonly backup: Backup }): ReactElement {
  const now = useNowSeconds();
  const lost = useLost();
  const isVerifying = useVerification((state) => state.verifying.has(backup.id));
  const chosen: Chosen = { kind: 'backup', backup };
  const can = restorableOf(chosen);
  const { branch, step } = backup;
  return (
    <aside className={detailStyles.details} aria-label={`Details of ${backup.id}`}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={classNames(textStyles.title, textStyles.ellipsis)}>
          {typeWord(backup)} backup
        </h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {bytes(backup.bytes)}, {plural(backup.files, 'file')}
        </span>
      </div>
      <p className={textStyles.secondary}>{backup.reason}</p>
      <PointFacts
        facts={[
          ['Created', clock(backup.created, now)],
          ['Contents', backup.source.kind === 'folder' ? backup.source.path : backup.holds],
          [
            'Restore point',
            branch === null || step === null ? 'none' : pointText({ branch, step }),
          ],
          ['State', <BackupState key="state" backup={backup} isVerifying={isVerifying} />],
          [
            'Kept until',
            backup.keep_until === null ? 'deleted manually' : clock(backup.keep_until, now),
          ],
        ]}
      />
      <p className={classNames(textStyles.mono, textStyles.caption, detailStyles.folder)}>
        {backup.folder}
      </p>
      <div className={classNames(layoutStyles.row, detailStyles.actions)}>
        <RestoreButton chosen={chosen} />
        <Button
          disabled={lost || isVerifying}
          onClick={() => {
            void verifyBackup(backup.id);
          }}
        >
          {isVerifying ? 'Verifying' : 'Verify now'}
        </Button>
        <Button
          disabled={lost}
          leftSection={<IconFolderDown aria-hidden="true" />}
          onClick={() => {
            openDialog({ kind: 'extract', backup: backup.id });
          }}
        >
          Extract to a folder
        </Button>
      </div>
      {can.kind === 'cannot' ? (
        <p className={textStyles.caption}>Can’t be restored: {can.why}</p>
      ) : null}
    </aside>
  );
}
