/** What clients see of a restore while it runs, and the report of its outcome. */
import type { LineageState } from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { Intent } from './intent.ts';
import type { RestoreNews, RestoreOptions, RestorePhase } from './types.ts';

export type RestoreProgress = ReturnType<typeof createProgress>;

export function createProgress({ clock, journal }: Pick<RestoreOptions, 'clock' | 'journal'>) {
  const changed = new Emitter<void>();
  const news = new Emitter<RestoreNews>();
  let state: LineageState['restore'] = null;

  function show(
    title: string,
    phase: RestorePhase,
    outcome: 'running' | 'failed',
    message: string | null,
  ): void {
    const isSame = state?.title === title && state.state === 'running';
    const since = isSame ? state?.since : undefined;
    state = { title, phase, state: outcome, message, since: since ?? clock.now() };
    changed.emit(undefined);
  }

  return {
    changed,
    news,
    /** The running restore, or the last one if it failed. */
    state: (): LineageState['restore'] => state,
    running(title: string, phase: RestorePhase): void {
      show(title, phase, 'running', null);
    },
    failed(title: string, phase: RestorePhase, message: string): void {
      show(title, phase, 'failed', message);
    },
    clear(): void {
      state = null;
      changed.emit(undefined);
    },
    /** Writes the outcome to the journal and as news for a notice. */
    report(kind: RestoreNews['kind'], intent: Intent, message: string): void {
      const { title, phase, from, to, branch, optimizer_state, backup, by } = intent;
      journal.write({
        what: `restore.${kind}`,
        text: `${title}: ${message}`,
        step: kind === 'done' || kind === 'finished' ? to.step : from.step,
        evidence: { phase, from, to, branch, optimizer_state, backup, by },
      });
      news.emit({ kind, title, message });
    },
  };
}
