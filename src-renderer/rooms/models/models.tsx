/** The Models screen: lineage chart, lists of saved points, and the details of the selected one. */
import { IconArrowBackUp, IconArrowsDiff, IconPlus } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, type ReactElement } from 'react';
import type { RestorePlan } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { VersionAnswersDialog } from '../answers/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { BackupDialog } from './backups/backup-dialog.tsx';
import { BackupTable } from './backups/backup-table.tsx';
import { ExtractDialog } from './backups/extract-dialog.tsx';
import { CheckpointTable } from './checkpoints/checkpoint-table.tsx';
import { cleanBackups, cleanCheckpoints } from './cleanup-actions.ts';
import { CleanupDialog } from './cleanup-dialog.tsx';
import type { LineagePlot } from './lineage/lineage-plot.ts';
import { LineageTable } from './lineage/lineage-table.tsx';
import { LineagePlaceholder } from './lineage/lineage-placeholder.tsx';
import { LineageView, useLineagePlot } from './lineage/lineage-view.tsx';
import { choose, closeDialog, openDialog, useModels } from './models-store.ts';
import styles from './models.module.css';
import { PointDetails } from './point-details.tsx';
import { DialogButton } from './point-table.tsx';
import { RestoreBanner } from './restore/restore-banner.tsx';
import { RestoreDialog } from './restore/restore-dialog.tsx';
import { chosenOf, keyOf, restorableOf, versionKey, type SavedModels } from './saved-models.ts';
import { CompareDialog } from './versions/compare-dialog.tsx';
import { CreateDialog } from './versions/create-dialog.tsx';
import { DeleteDialog, useLastCopy } from './versions/delete-dialog.tsx';
import { VersionTable } from './versions/version-table.tsx';

function useSavedModels(): SavedModels {
  const versions = useRoom('versions');
  const backups = useRoom('backups');
  const { checkpoints } = useRoom('lineage');
  return useMemo(() => ({ versions, backups, checkpoints }), [versions, backups, checkpoints]);
}

const onPlan = (plan: RestorePlan | null): void => {
  useModels.setState({ plan });
};

export function ModelsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const saved = useSavedModels();
  const { branches } = useRoom('lineage');
  const key = useModels((state) => state.chosen);
  const chosen = chosenOf(saved, key);
  const chosenKey = chosen === null ? null : keyOf(chosen);
  const plot = useLineagePlot(saved);
  const { versions, backups } = saved;
  useEffect(
    () => () => {
      // The back button can leave the screen with a dialog open; don't reopen it on return.
      setTimeout(() => {
        if (!location.hash.endsWith('models')) closeDialog();
      }, 0);
    },
    [],
  );
  const body = useRef<HTMLDivElement>(null);
  const isRestoring = useModels((state) => state.dialog?.kind === 'restore');
  useEffect(() => {
    // The restore dialog refers to steps highlighted on the chart, so scroll the chart into view.
    if (isRestoring) body.current?.scrollTo({ top: 0 });
  }, [isRestoring]);
  const openChosen = (): void => {
    const can = chosen === null ? null : restorableOf(chosen);
    if (can?.kind === 'can') openDialog({ kind: 'restore', source: can.source });
  };
  const total = [...versions, ...backups].reduce((sum, version) => sum + version.bytes, 0);
  return (
    <>
      <Bar
        facts={[
          versions.length === 0 ? 'no versions yet' : plural(versions.length, 'version'),
          branches.length > 1 ? `${count(branches.length)} branches` : null,
          backups.length === 0 ? null : plural(backups.length, 'backup'),
          total === 0 ? null : bytes(total),
        ]
          .filter((entry) => entry !== null)
          .join(', ')}
      />
      <Notices onOpen={onOpen} />
      <RestoreBanner />
      <div className={classNames(layoutStyles.screenBody, styles.screen)} ref={body}>
        {plot === null ? (
          <LineagePlaceholder />
        ) : (
          <LineageView plot={plot} saved={saved} chosen={chosenKey} />
        )}
        <div className={styles.lists}>
          <VersionTable chosen={chosenKey} onOpen={openChosen} />
          <BackupTable chosen={chosenKey} onOpen={openChosen} />
          <CheckpointTable chosen={chosenKey} onOpen={openChosen} />
        </div>
        {chosen === null ? null : <PointDetails chosen={chosen} />}
      </div>
      <Dialogs saved={saved} plot={plot} chosenKey={chosenKey} />
    </>
  );
}

function Bar({ facts }: { readonly facts: string }): ReactElement {
  const versions = useRoom('versions');
  const { branches, restore } = useRoom('lineage');
  const isBusy = restore?.state === 'running';
  return (
    <div className={layoutStyles.screenBar}>
      <h1 className={textStyles.title}>Models</h1>
      <span className={classNames(textStyles.caption, textStyles.number, textStyles.ellipsis)}>
        {facts}
      </span>
      <span className={layoutStyles.spacer} />
      <DialogButton
        dialog={{ kind: 'compare' }}
        icon={<IconArrowsDiff aria-hidden="true" />}
        disabled={versions.length < 2}
        worksOffline
      >
        Compare two
      </DialogButton>
      <DialogButton
        dialog={{ kind: 'restore', source: { kind: 'rollback' } }}
        icon={<IconArrowBackUp aria-hidden="true" />}
        disabled={isBusy || (versions.length === 0 && branches.length < 2)}
      >
        Roll back
      </DialogButton>
      <DialogButton dialog={{ kind: 'create' }} icon={<IconPlus aria-hidden="true" />}>
        Create version
      </DialogButton>
    </div>
  );
}

function Dialogs({
  saved: { versions, backups },
  plot,
  chosenKey,
}: {
  readonly saved: SavedModels;
  readonly plot: LineagePlot | null;
  readonly chosenKey: string | null;
}): ReactElement | null {
  const dialog = useModels((state) => state.dialog);
  const keep = useRoom('config').values.keep_checkpoints;
  const checkpointAct = useMemo(() => cleanCheckpoints(keep), [keep]);
  const deleted =
    dialog?.kind === 'delete'
      ? versions.find((version) => version.name === dialog.version)
      : undefined;
  const isLastCopy = useLastCopy(deleted ?? null);
  if (dialog === null) return null;
  switch (dialog.kind) {
    case 'create':
      return (
        <CreateDialog
          onClose={closeDialog}
          onMade={(name) => {
            choose(versionKey({ name }));
          }}
        />
      );
    case 'compare': {
      const second = versions.find((version) => versionKey(version) === chosenKey) ?? versions[0];
      const first = versions.find((version) => version.name !== second?.name);
      return second === undefined || first === undefined ? null : (
        <CompareDialog versions={versions} first={first} second={second} onClose={closeDialog} />
      );
    }
    case 'answers':
      return <VersionAnswersDialog name={dialog.version} onClose={closeDialog} />;
    case 'delete':
      return deleted === undefined ? null : (
        <DeleteDialog version={deleted} isLastCopy={isLastCopy} onClose={closeDialog} />
      );
    case 'restore':
      return (
        <RestoreDialog
          key={JSON.stringify(dialog.source)}
          source={dialog.source}
          atBottom={plot !== null}
          onPlan={onPlan}
          onClose={closeDialog}
        />
      );
    case 'back_up':
      return <BackupDialog onClose={closeDialog} />;
    case 'extract': {
      const backup = backups.find((backup) => backup.id === dialog.backup);
      return backup === undefined ? null : <ExtractDialog backup={backup} onClose={closeDialog} />;
    }
    case 'clean_backups':
      return <CleanupDialog act={cleanBackups} onClose={closeDialog} />;
    case 'clean_checkpoints':
      return <CleanupDialog act={checkpointAct} onClose={closeDialog} />;
    case 'table':
      return <LineageTable plot={plot} onClose={closeDialog} />;
  }
}
