/**
 * Models: the lineage with its branches, versions, checkpoints and backups, and what a person does with them.
 * Promises: what a restore, a deletion or a clean-up takes away is outcome before it happens, and nothing happens on Enter alone.
 * Never: offers an act that the engine would refuse without saying why.
 */
export { useModelCommands } from './palette-commands.ts';
export { ModelsScreen } from './models.tsx';
export { RestoreDialog } from './restore/restore-dialog.tsx';
