/**
 * Models: the lineage with its branches, versions, checkpoints and backups, and the actions on them.
 * Promises: shows the consequences of a restore, deletion or clean-up first, and Enter alone confirms none of them.
 * Never: offers an action that the engine would refuse without giving the reason.
 */
export { useModelCommands } from './palette-commands.ts';
export { ModelsScreen } from './models.tsx';
export { RestoreDialog } from './restore/restore-dialog.tsx';
