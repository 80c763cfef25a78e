/** The two clean-ups of the screen, in the words of their dialog. */
import { attempt } from '../../engine/index.ts';
import type { CleanupAction } from './cleanup-dialog.tsx';
import { pointText } from './saved-models.ts';

const isWhole = (value: number | null, least: number): boolean =>
  value !== null && Number.isInteger(value) && value >= least;

/** `keep`: how many are kept of each branch. */
export const cleanCheckpoints = (keep: number): CleanupAction => ({
  title: 'Clean up checkpoints',
  lead: 'Of each branch the newest ones are kept, and always the last one that verifies.',
  field: 'Keep of each branch',
  first: String(keep),
  valid: (value) => isWhole(value, 1),
  one: 'checkpoint',
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
  lead: 'The newest good backup of each type is kept, and so is the last copy of any point.',
  field: 'Remove what is older than, days (empty: as configured)',
  first: '',
  valid: (value) => value === null || (Number.isFinite(value) && value >= 0),
  one: 'backup',
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
