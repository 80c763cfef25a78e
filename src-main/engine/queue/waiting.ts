/** What the user does with datasets that wait or are finished, and the list with expected times. */
import { type DatasetSummary, type Priority, Refusal } from '../../contract/index.ts';
import type { PassDataset } from '../datasets/index.ts';
import { type QueueParts, stepOf } from './queue-progress.ts';
import { expectedTimes } from './queue-rules.ts';

/** Steps of the dataset in processing, over all of its passes. */
export interface Live {
  readonly id: string;
  readonly done: number;
  readonly planned: number;
  /** Steps of earlier passes; the trainer counts its saves and evaluations from there. */
  readonly before: number;
}

const waitingFor = (message: string) => ({ verdict: 'waiting', message }) as const;

export class WaitingDatasets {
  private readonly parts: QueueParts;
  constructor(parts: QueueParts) {
    this.parts = parts;
  }

  live(): Live | null {
    const { options, progress } = this.parts;
    if (progress.open === null) return null;
    const { pass, dataset } = progress.open;
    const first = pass.head_step ?? 0;
    // While a trainer loads, the newest checkpoint is where it continues.
    const step = stepOf(options.trainer) ?? options.metrics.latest().checkpointStep;
    const done =
      progress.isSupervising && step !== null && step >= first
        ? pass.steps_before + step - first
        : (options.datasets.meta(dataset.id)?.done_steps ?? pass.steps_before);
    const before = pass.steps_before;
    return { id: dataset.id, done, planned: before + pass.planned_steps, before };
  }

  /** All datasets, with their expected times. */
  datasets(): readonly DatasetSummary[] {
    const { options, progress, desiredState } = this.parts;
    const all = options.datasets.list();
    const live = this.live();
    const { estimate } = options;
    const now = Math.round(options.clock.now());
    const isRunning = ['running', 'stopping_after'].includes(desiredState.state().desired_state);
    const left = live === null || !isRunning ? null : estimate.left(live);
    const ends = left === null ? null : Math.round(now + left.seconds);
    const queued = all.filter(
      ({ place, held, verdict }) => place === 'queue' && !held && verdict === 'ready',
    );
    const times = expectedTimes(
      !isRunning ? null : live === null ? now : ends,
      queued.map(({ id }) => ({ id, seconds: estimate.secondsOf(id) })),
    );
    const { deviceWait } = progress;
    const next = live?.id ?? queued[0]?.id;
    const waits = deviceWait === null ? {} : waitingFor(deviceWait.reason);
    return all.map((dataset) => {
      const wait = dataset.id === next ? waits : {};
      if (dataset.id !== live?.id)
        return {
          ...dataset,
          estimate_seconds: estimate.secondsOf(dataset.id),
          ...times.get(dataset.id),
          ...wait,
        };
      return {
        ...dataset,
        ...wait,
        planned_steps: live.planned,
        done_steps: live.done,
        starts_at: progress.open?.pass.started ?? null,
        ends_at: ends,
      };
    });
  }

  /** Refusals NOT_FOUND, NOT_READY. */
  async move(id: string, priority: Priority, before: string | null): Promise<DatasetSummary> {
    this.queued(id);
    return this.parts.options.datasets.toQueue(id, priority, { before, revalidate: false });
  }

  /** Refusals NOT_FOUND, NOT_READY. */
  async hold(id: string, held: boolean): Promise<DatasetSummary> {
    this.queued(id);
    const { datasets } = this.parts.options;
    await datasets.note(id, { held });
    await this.parts.tick();
    return datasets.summary(id);
  }

  /**
   * A skipped or failed dataset continues where it stopped, and one that a restore undid in part
   * behind the rows that the model has. A completed one is trained again as a whole, a refused one
   * is validated again. Refusals NOT_FOUND, NOT_READY.
   */
  async retry(id: string): Promise<DatasetSummary> {
    const dataset = this.known(id);
    if (dataset.place === 'queue' || dataset.place === 'processing')
      throw new Refusal('NOT_READY', `${dataset.name} is already in the queue.`, { subject: id });
    const summary = await this.parts.options.datasets.toQueue(id, dataset.priority, {
      before: null,
      revalidate: dataset.validated?.verdict !== 'ready',
    });
    await this.parts.tick();
    return summary;
  }

  /** Refusals NOT_FOUND, NOT_READY. */
  async remove(id: string): Promise<void> {
    this.queued(id);
    await this.parts.options.datasets.toSkipped(id, 'removed by you; the file is kept');
    this.parts.notifyChanged();
  }

  private known(id: string): PassDataset {
    const dataset = this.parts.options.datasets.forPass(id);
    if (dataset === null) throw new Refusal('NOT_FOUND', 'Dataset not found.', { subject: id });
    return dataset;
  }

  private queued(id: string): PassDataset {
    const dataset = this.known(id);
    if (dataset.place !== 'queue')
      throw new Refusal('NOT_READY', `${dataset.name} is not waiting in the queue.`, {
        subject: id,
        next: dataset.place === 'processing' ? 'Skip it instead.' : null,
      });
    return dataset;
  }
}
