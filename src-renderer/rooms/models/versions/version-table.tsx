/** The versions as a table. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { Backup, Version } from '../../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, clock, count, loss, percent, signed, UNKNOWN } from '../../../kit/format.ts';
import { Mark } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { BackupState } from '../backups/backup-state.tsx';
import { listNavigation } from '../list-navigation.ts';
import { choose, openDialog } from '../models-store.ts';
import { PointButton } from '../point-button.tsx';
import listStyles from '../point-list.module.css';
import { versionKey } from '../saved-models.ts';
import { matchShare, measuredWhere } from './compare.ts';

/** The newest backup of the step that a version contains. */
export const backupOf = (version: Version, backups: readonly Backup[]): Backup | null =>
  backups.find((backup) => backup.branch === version.branch && backup.step === version.step) ??
  null;

export function VersionTable({
  chosen,
  onOpen,
}: {
  readonly chosen: string | null;
  readonly onOpen: () => void;
}): ReactElement {
  const versions = useRoom('versions');
  const backups = useRoom('backups');
  const manyBranches = useRoom('lineage').branches.length > 1;
  const now = useNowSeconds();
  const lost = useLost();
  return (
    <section
      className={listStyles.list}
      aria-label="Versions"
      tabIndex={0}
      onKeyDown={listNavigation(versions.map(versionKey), chosen, choose, onOpen)}
    >
      {versions.length === 0 ? (
        <div className={listStyles.empty}>
          <p className={textStyles.secondary}>
            No versions yet. One is created after each dataset, and you can create one from any
            checkpoint.
          </p>
          <Button
            disabled={lost}
            leftSection={<IconPlus aria-hidden="true" />}
            onClick={() => {
              openDialog({ kind: 'create' });
            }}
          >
            Create version
          </Button>
        </div>
      ) : (
        <table className={manyBranches ? listStyles.compact : undefined}>
          <thead>
            <tr>
              <th>Version</th>
              {manyBranches ? <th>Branch</th> : null}
              <th className={tableStyles.numberCell}>Step</th>
              <th className={tableStyles.numberCell}>Validation</th>
              <th className={tableStyles.numberCell}>Gap</th>
              <th className={classNames(tableStyles.numberCell, listStyles.optionalColumn)}>
                Match
              </th>
              <th className={listStyles.withGap}>Created</th>
              <th className={listStyles.optionalColumn}>Weights</th>
              <th>Backup</th>
              <th className={tableStyles.numberCell}>Size</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((entry) => {
              const match = matchShare(entry);
              const key = versionKey(entry);
              const copy = backupOf(entry, backups);
              return (
                <tr key={entry.name} className={key === chosen ? listStyles.selected : undefined}>
                  <td>
                    <PointButton id={key} chosen={chosen}>
                      {entry.name}
                    </PointButton>
                  </td>
                  {manyBranches ? <td className={textStyles.secondary}>{entry.branch}</td> : null}
                  <td className={tableStyles.numberCell}>{count(entry.step)}</td>
                  <td className={tableStyles.numberCell} title={measuredWhere(entry)}>
                    <Validation version={entry} />
                  </td>
                  <td className={tableStyles.numberCell}>
                    {entry.gap === null ? UNKNOWN : signed(entry.gap)}
                  </td>
                  <td className={classNames(tableStyles.numberCell, listStyles.optionalColumn)}>
                    {match === null ? UNKNOWN : percent(match)}
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
                  <td className={listStyles.optionalColumn}>
                    <span
                      className={classNames(layoutStyles.row, listStyles.iconRow)}
                      title={`Created ${entry.how}`}
                    >
                      <Mark name="version" />
                      {entry.pinned ? 'on disk, pinned' : 'on disk'}
                    </span>
                  </td>
                  <td>
                    {copy === null ? (
                      <span className={textStyles.tertiary} title={`No backup of ${entry.name}`}>
                        {UNKNOWN}
                      </span>
                    ) : (
                      <BackupState backup={copy} isShort />
                    )}
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

/** The loss, with its step where that differs from the version's. */
function Validation({ version }: { readonly version: Version }): ReactElement {
  const { validation_loss: measured, evaluated_step: at, step } = version;
  if (measured === null) return <>{UNKNOWN}</>;
  return (
    <>
      {at === null || at === step ? null : (
        <span className={textStyles.caption}>at {count(at)} </span>
      )}
      {loss(measured)}
    </>
  );
}
