/** Commands of this room for the command palette; only those that are possible now. */
import { useLost, useRoom } from '../../engine/index.ts';
import { verifyBranch } from './verification.ts';
import { openDialog, type ModelsDialog } from './models-store.ts';

export interface ModelCommand {
  readonly name: string;
  /** Requires the Models screen to be open. */
  readonly run: () => void;
}

export function useModelCommands(): readonly ModelCommand[] {
  const lost = useLost();
  const versions = useRoom('versions');
  const backups = useRoom('backups');
  const { checkpoints, head, branches, restore } = useRoom('lineage');
  const runs = useRoom('status').trainer.alive;
  if (lost) return [];
  const open = (name: string, dialog: ModelsDialog): ModelCommand => ({
    name,
    run: () => {
      openDialog(dialog);
    },
  });
  const isFree = restore?.state !== 'running';
  const hasPoint = checkpoints.length + versions.length > 0;
  return [
    open('Create version', { kind: 'create' }),
    ...(versions.length > 1 ? [open('Compare two versions', { kind: 'compare' })] : []),
    ...versions.map((version) =>
      open(`Answers of ${version.name}`, { kind: 'answers', version: version.name }),
    ),
    ...(hasPoint ? [open('Create backup', { kind: 'back_up' })] : []),
    ...(backups.length > 0 ? [open('Clean up backups', { kind: 'clean_backups' })] : []),
    ...backups
      .filter((backup) => backup.verified?.ok !== false)
      .map((backup) =>
        open(`Extract ${backup.id} to a folder`, { kind: 'extract', backup: backup.id }),
      ),
    ...(checkpoints.length > 0
      ? [
          {
            name: 'Verify checkpoints',
            run: () => {
              void verifyBranch(head);
            },
          },
        ]
      : []),
    ...(checkpoints.length > 0 && !runs
      ? [open('Clean up checkpoints', { kind: 'clean_checkpoints' })]
      : []),
    ...(isFree && (versions.length > 0 || branches.length > 1)
      ? [open('Roll back', { kind: 'restore', source: { kind: 'rollback' } })]
      : []),
    ...(isFree
      ? versions.map((version) =>
          open(`Restore ${version.name}`, {
            kind: 'restore',
            source: { kind: 'version', name: version.name },
          }),
        )
      : []),
  ];
}
