/** Backups as a table: their contents and the result of the last verification. */
import { Button } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { Backup, BackupType } from '../../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, clock, count, plural, UNKNOWN } from '../../../kit/format.ts';
import { useNowSeconds } from '../../../kit/now.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { listNavigation } from '../list-navigation.ts';
import { choose, openDialog } from '../models-store.ts';
import { PointButton } from '../point-button.tsx';
import listStyles from '../point-list.module.css';
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
  const lost = useLost();
  const verifying = useVerification((state) => state.verifying);
  return (
    <section
      className={listStyles.list}
      aria-label="Backups"
      tabIndex={0}
      onKeyDown={listNavigation(backups.map(backupKey), chosen, choose, onOpen)}
    >
      <div className={listStyles.heading}>
        <h2 className={textStyles.label}>Backups</h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {backups.length === 0 ? 'none' : backupFacts(backups)}
        </span>
        <span className={layoutStyles.grow} />
        <Button
          size="xs"
          disabled={lost || backups.length === 0}
          aria-label="Clean up backups"
          leftSection={<IconTrash aria-hidden="true" />}
          onClick={() => {
            openDialog({ kind: 'clean_backups' });
          }}
        >
          Clean up
        </Button>
        <Button
          size="xs"
          disabled={lost}
          leftSection={<IconPlus aria-hidden="true" />}
          onClick={() => {
            openDialog({ kind: 'back_up' });
          }}
        >
          Back up
        </Button>
      </div>
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
            {backups.map((entry) => {
              const key = backupKey(entry);
              return (
                <tr key={entry.id} className={key === chosen ? listStyles.selected : undefined}>
                  <td>
                    <PointButton id={key} chosen={chosen}>
                      {typeWord(entry)}
                      <span className={textStyles.visuallyHidden}> {entry.id}</span>
                    </PointButton>
                  </td>
                  <td className={tableStyles.numberCell}>
                    {entry.step === null ? UNKNOWN : count(entry.step)}
                  </td>
                  <td
                    className={classNames(
                      textStyles.secondary,
                      textStyles.number,
                      listStyles.withGap,
                    )}
                  >
                    {clock(entry.created, now)}
                  </td>
                  <td
                    className={classNames(textStyles.secondary, listStyles.clipped)}
                    title={entry.holds}
                  >
                    {entry.holds}
                  </td>
                  <td className={listStyles.clipped}>
                    <BackupState backup={entry} isVerifying={verifying.has(entry.id)} />
                  </td>
                  <td className={tableStyles.numberCell}>{bytes(entry.bytes)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
