/** Backups as a table: their contents and the result of the last verification. */
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { Backup, BackupType } from '../../../../src-main/contract/index.ts';
import { useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, count, plural, UNKNOWN } from '../../../kit/format.ts';
import { useNowSeconds } from '../../../kit/now.ts';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { listNavigation } from '../list-navigation.ts';
import { choose } from '../models-store.ts';
import listStyles from '../point-list.module.css';
import { ClippedCell, DialogButton, ListHeading, PointRow, TimeCell } from '../point-table.tsx';
import { backupKey } from '../saved-models.ts';
import { useVerification } from '../verification.ts';
import { BackupState } from './backup-state.tsx';

const typeWords: Readonly<Record<BackupType, string>> = {
  manual: 'Manual',
  emergency: 'Emergency',
  'pre-restore': 'Pre-restore',
  'pre-consolidation': 'Pre-consolidation',
  'pre-deletion': 'Pre-deletion',
};
export const typeWord = (backup: Backup): string => typeWords[backup.type];

/** `5 backups, 3.9 GB, 1 damaged, 1 not verified` */
export function backupFacts(backups: readonly Backup[]): string {
  const damaged = backups.filter(
    (backup) => backup.verified !== null && !backup.verified.ok,
  ).length;
  const unknown = backups.filter((backup) => backup.verified === null).length;
  return [
    plural(backups.length, 'backup'),
    bytes(backups.reduce((sum, backup) => sum + backup.bytes, 0)),
    damaged === 0 ? null : `${count(damaged)} damaged`,
    unknown === 0 ? null : `${count(unknown)} not verified`,
  ]
    .filter((entry) => entry !== null)
    .join(', ');
}

export function BackupTable({
  chosen,
  onOpen,
}: {
  readonly chosen: string | null;
  readonly onOpen: () => void;
}): ReactElement {
  const backups = useRoom('backups');
  const now = useNowSeconds();
  const verifying = useVerification((state) => state.verifying);
  return (
    <section
      className={listStyles.list}
      aria-label="Backups"
      tabIndex={0}
      onKeyDown={listNavigation(backups.map(backupKey), chosen, choose, onOpen)}
    >
      <ListHeading title="Backups" facts={backups.length === 0 ? 'none' : backupFacts(backups)}>
        <DialogButton
          dialog={{ kind: 'clean_backups' }}
          icon={<IconTrash aria-hidden="true" />}
          disabled={backups.length === 0}
          label="Clean up backups"
        >
          Clean up
        </DialogButton>
        <DialogButton dialog={{ kind: 'back_up' }} icon={<IconPlus aria-hidden="true" />}>
          Back up
        </DialogButton>
      </ListHeading>
      {backups.length === 0 ? (
        <p className={classNames(textStyles.secondary, listStyles.empty)}>
          No backups yet. A backup is an independent copy, verified byte by byte. One is created
          before every restore.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Backup</th>
              <th className={tableStyles.numberCell}>Step</th>
              <th className={listStyles.withGap}>Created</th>
              <th>Contents</th>
              <th>State</th>
              <th className={tableStyles.numberCell}>Size</th>
            </tr>
          </thead>
          <tbody>
            {backups.map((backup) => (
              <PointRow
                key={backup.id}
                id={backupKey(backup)}
                chosen={chosen}
                name={
                  <>
                    {typeWord(backup)}
                    <span className={textStyles.visuallyHidden}> {backup.id}</span>
                  </>
                }
              >
                <td className={tableStyles.numberCell}>
                  {backup.step === null ? UNKNOWN : count(backup.step)}
                </td>
                <TimeCell t={backup.created} now={now} />
                <ClippedCell text={backup.holds} />
                <td className={listStyles.clipped}>
                  <BackupState backup={backup} isVerifying={verifying.has(backup.id)} />
                </td>
                <td className={tableStyles.numberCell}>{bytes(backup.bytes)}</td>
              </PointRow>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
