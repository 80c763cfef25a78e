/** What an ended supervision leads to: the dataset is done, failed, skipped, or stays where it is. */
import type { PassOutcome } from '../trainer/index.ts';
import { decideRetry } from './decide.ts';
import type { QueueParts } from './queue-state.ts';

type GaveUp = Extract<PassOutcome, { kind: 'gave_up' }>;

const shown = 20;
function withoutRows({ category, message, rows }: GaveUp): string {
  const more = rows.length > shown ? ` and ${rows.length - shown} more` : '';
  const row = rows.length === 1;
  return `${row ? 'Row' : 'Rows'} ${rows.slice(0, shown).join(', ')}${more} ended the trainer (${category}: ${message.replace(/\.$/, '')}) and ${row ? 'is' : 'are'} quarantined. The dataset is trained again from its first row without ${row ? 'it' : 'them'}.`;
}

export function createOutcomes({ o: options, now, passes, news, tell }: QueueParts) {
  let streak = { since: options.clock.now(), datasets: 0, failed: 0 };

  function count(isFailed: boolean): void {
    streak = {
      ...streak,
      datasets: streak.datasets + 1,
      failed: streak.failed + (isFailed ? 1 : 0),
    };
  }
  function announceEmpty(step: number | null): void {
    if (options.datasets.queued().length > 0) return;
    news.emit({ kind: 'empty', ...streak, step });
    streak = { since: options.clock.now(), datasets: 0, failed: 0 };
  }
  const nextName = (): string | null =>
    options.datasets.queued().find((dataset) => dataset.isReady && !dataset.held)?.name ?? null;

  function tellFailed(id: string, reason: string, step: number | null): void {
    count(true);
    const dataset = options.datasets.summary(id);
    news.emit({ kind: 'failed', dataset, reason, next: nextName() });
    announceEmpty(step);
  }

  function setNotReady(category: string, message: string): void {
    const attempt = now.notReady?.category === category ? now.notReady.attempt + 1 : 1;
    const seconds = decideRetry(category, attempt);
    const t = options.clock.now();
    now.notReady = { category, message, t, attempt, until: t + seconds };
    if (attempt === 1) {
      options.journal.write({
        what: 'queue.not_ready',
        text: `Training waits: ${message}`,
        dataset: now.open?.dataset.id ?? null,
        evidence: { category, again_in_seconds: seconds },
      });
      news.emit({
        kind: 'not_ready',
        category,
        message,
        step: options.metrics.latest().checkpointStep,
      });
    }
    tell();
  }

  async function quarantine(id: string, rows: readonly number[]): Promise<void> {
    const meta = options.datasets.meta(id);
    if (meta !== null && rows.length > 0)
      await options.datasets.note(id, {
        quarantined: [...new Set([...meta.quarantined, ...rows])],
      });
  }

  /**
   * Once a dataset: rows that ended the trainer are left out and the rest is trained. The second time the dataset is to blame. A loss
   * that is no number may come from the rate as well, so those rows alone change nothing.
   */
  const areRowsToBlame = (id: string, { category, rows }: GaveUp): boolean =>
    rows.length > 0 &&
    category !== 'not_a_number' &&
    options.datasets.meta(id)?.quarantined.length === 0;

  async function settle(outcome: PassOutcome): Promise<void> {
    now.isSupervising = false;
    const ended = now.open;
    if (ended === null) return;
    const { id } = ended.dataset;
    if (outcome.kind === 'gave_up') {
      if (outcome.infrastructure) {
        setNotReady(outcome.category, outcome.message);
        return;
      }
      now.open = null;
      const isFirst = areRowsToBlame(id, outcome);
      await quarantine(id, outcome.rows);
      if (isFirst) {
        const why = withoutRows(outcome);
        await passes.again(ended, `${ended.dataset.name}: ${why}`);
        news.emit({ kind: 'quarantined', name: ended.dataset.name, why });
        tell();
        return;
      }
      const reason = `${outcome.category}: ${outcome.message}`;
      await passes.fail(ended, reason, null);
      tellFailed(id, reason, outcome.step);
    } else if (outcome.kind === 'completed') {
      now.notReady = null;
      now.open = null;
      const closed = await passes.complete(ended, outcome);
      if (closed.kind === 'failed') tellFailed(id, closed.reason, outcome.step);
      else {
        count(false);
        news.emit({
          kind: 'done',
          dataset: options.datasets.summary(id),
          version: closed.version,
          planned: ended.pass.planned_steps,
          done: outcome.stepsDone ?? 0,
          next: nextName(),
        });
        announceEmpty(outcome.step);
      }
    } else if (outcome.kind === 'skipped') {
      now.open = null;
      await passes.skip(ended, outcome.stepsDone);
    } else if (outcome.stepsDone !== null)
      await options.datasets.note(id, { done_steps: ended.pass.steps_before + outcome.stepsDone });
    tell();
  }

  return { settle, setNotReady };
}
