/** The versions as a table. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import {
  type Backup,
  VALIDATION_FIXED,
  type Version,
} from '../../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, count, loss, percent, signed, UNKNOWN } from '../../../kit/format.ts';
import { Mark } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import layoutStyles from '../../../kit/styles/layout.module.css';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { BackupState } from '../backups/backup-state.tsx';
import { listNavigation } from '../list-navigation.ts';
import { choose, openDialog } from '../models-store.ts';
import listStyles from '../point-list.module.css';
import { PointRow, TimeCell } from '../point-table.tsx';
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
              <th className={tableStyles.numberCell}>{VALIDATION_FIXED}</th>
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
            {versions.map((version) => (
              <VersionRow
                key={version.name}
                version={version}
                backup={backupOf(version, backups)}
                chosen={chosen}
                manyBranches={manyBranches}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function VersionRow({
  version,
  backup,
  chosen,
  manyBranches,
}: {
  readonly version: Version;
  readonly backup: Backup | null;
  readonly chosen: string | null;
  readonly manyBranches: boolean;
}): ReactElement {
  const now = useNowSeconds();
  const match = matchShare(version);
  return (
    <PointRow id={versionKey(version)} chosen={chosen} name={version.name}>
      {manyBranches ? <td className={textStyles.secondary}>{version.branch}</td> : null}
      <td className={tableStyles.numberCell}>{count(version.step)}</td>
      <td className={tableStyles.numberCell} title={measuredWhere(version)}>
        <Validation version={version} />
      </td>
      <td className={tableStyles.numberCell}>
        {version.gap === null ? UNKNOWN : signed(version.gap)}
      </td>
      <td className={classNames(tableStyles.numberCell, listStyles.optionalColumn)}>
        {match === null ? UNKNOWN : percent(match)}
      </td>
      <TimeCell t={version.created} now={now} />
      <td className={listStyles.optionalColumn}>
        <span
          className={classNames(layoutStyles.row, listStyles.iconRow)}
          title={`Created ${version.how}`}
        >
          <Mark name="version" />
          {version.pinned ? 'pinned' : 'saved'}
        </span>
      </td>
      <td>
        {backup === null ? (
          <span className={textStyles.tertiary} title={`No backup of ${version.name}`}>
            {UNKNOWN}
          </span>
        ) : (
          <BackupState backup={backup} isShort />
        )}
      </td>
      <td className={tableStyles.numberCell}>{bytes(version.bytes)}</td>
    </PointRow>
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
