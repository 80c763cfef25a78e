/** The two clean-ups of the Models screen, with the texts of their dialog. */
import { attempt } from '../../engine/index.ts';
import type { CleanupAction } from './cleanup-dialog.tsx';
import { pointText } from './saved-models.ts';

const isWhole = (value: number | null, least: number): boolean =>
  value !== null && Number.isInteger(value) && value >= least;

/** `keep`: checkpoints to keep per branch. */
export const cleanCheckpoints = (keep: number): CleanupAction => ({
  title: 'Clean up checkpoints',
  introduction:
    'Keeps the newest checkpoints of each branch, and always the newest one that verifies.',
  field: 'Keep per branch',
  initialValue: String(keep),
  valid: (value) => isWhole(value, 1),
  itemName: 'checkpoint',
  ask: async (value, execute) => {
    const outcome = await attempt((engine) =>
      engine.checkpoints.cleanup({ keep: value ?? keep, execute, by: 'you (window)' }),
    );
    if ('trouble' in outcome) return outcome;
    const { removes, keeps, freed_bytes: freed } = outcome.answer;
    const row = (point: (typeof removes)[number]) => ({
      name: pointText(point),
      bytes: point.bytes,
      why: point.why,
    });
    return { answer: { removes: removes.map(row), keeps: keeps.map(row), freed } };
  },
});

export const cleanBackups: CleanupAction = {
  title: 'Clean up backups',
  introduction: 'Always keeps the newest valid backup of each type and the last copy of any step.',
  field: 'Delete backups older than this many days (empty: use the setting)',
  initialValue: '',
  valid: (value) => value === null || (Number.isFinite(value) && value >= 0),
  itemName: 'backup',
  ask: async (value, execute) => {
    const outcome = await attempt((engine) =>
      engine.backups.cleanup({ retention_days: value, execute, by: 'you (window)' }),
    );
    if ('trouble' in outcome) return outcome;
    const { removes, keeps, freed_bytes: freed } = outcome.answer;
    const row = (entry: (typeof removes)[number]) => ({
      name: entry.id,
      bytes: entry.bytes,
      why: entry.why,
    });
    return { answer: { removes: removes.map(row), keeps: keeps.map(row), freed } };
  },
};
