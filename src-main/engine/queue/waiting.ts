/** What the user does with datasets that wait or are over, and how the list is shown with its expected times. */
import { type DatasetSummary, type Priority, Refusal } from '../../contract/index.ts';
import type { PassDataset } from '../datasets/index.ts';
import { estimate } from './decide.ts';
import { removeCursor } from './pass.ts';
import { type QueueParts, stepOf } from './queue-state.ts';

/** Steps of the dataset in processing, all its passes together. */
export interface Live {
  readonly id: string;
  readonly done: number;
  readonly planned: number;
}

export function createWaiting({ o: options, now, desiredState, tell, tick }: QueueParts) {
  function known(id: string): PassDataset {
    const dataset = options.datasets.forPass(id);
    if (dataset === null)
      throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
    return dataset;
  }
  function waiting(id: string): PassDataset {
    const dataset = known(id);
    if (dataset.place !== 'queue')
      throw new Refusal('NOT_READY', `${dataset.name} does not wait in the queue.`, {
        subject: id,
        next: dataset.place === 'processing' ? 'Skip it instead.' : null,
      });
    return dataset;
  }

  function live(): Live | null {
    if (now.open === null) return null;
    const { pass, dataset } = now.open;
    const step = stepOf(options.trainer);
    const begun = pass.head_step ?? 0;
    const done =
      now.isSupervising && step !== null && step >= begun
        ? pass.steps_before + step - begun
        : (options.datasets.meta(dataset.id)?.done_steps ?? pass.steps_before);
    return { id: dataset.id, done, planned: pass.steps_before + pass.planned_steps };
  }

  /** All datasets, with their expected times. */
  function datasets(): readonly DatasetSummary[] {
    const all = options.datasets.list();
    const current = live();
    const remaining = current === null ? 0 : Math.max(0, current.planned - current.done);
    const t = Math.round(options.clock.now());
    const isRunning = ['running', 'stopping_after'].includes(desiredState.state().desired_state);
    const speed = isRunning ? options.metrics.speed().stepsPerSecond : null;
    const times = estimate(
      current === null ? null : { remaining },
      all
        .filter(
          (dataset) => dataset.place === 'queue' && !dataset.held && dataset.verdict === 'ready',
        )
        .map((dataset) => ({ id: dataset.id, steps: dataset.planned_steps })),
      speed,
      t,
    );
    return all.map((dataset) => {
      if (dataset.id !== current?.id) return { ...dataset, ...times.get(dataset.id) };
      return {
        ...dataset,
        planned_steps: current.planned,
        done_steps: current.done,
        starts_at: now.open?.pass.started ?? null,
        ends_at: speed === null || speed <= 0 ? null : Math.round(t + remaining / speed),
      };
    });
  }

  return {
    live,
    datasets,
    move(id: string, priority: Priority, before: string | null): Promise<DatasetSummary> {
      waiting(id);
      return options.datasets.toQueue(id, priority, { before, judgeAgain: false });
    },
    async hold(id: string, held: boolean): Promise<DatasetSummary> {
      waiting(id);
      await options.datasets.note(id, { held });
      await tick();
      return options.datasets.summary(id);
    },
    /** A skipped one continues where it was, a completed one is trained whole once more, a refused one is validated again. */
    async retry(id: string): Promise<DatasetSummary> {
      const dataset = known(id);
      if (dataset.place === 'queue' || dataset.place === 'processing')
        throw new Refusal('NOT_READY', `${dataset.name} is in the queue already.`, {
          subject: id,
        });
      if (dataset.place === 'completed') await removeCursor(dataset.folder);
      const summary = await options.datasets.toQueue(id, dataset.priority, {
        before: null,
        judgeAgain: dataset.validated?.verdict !== 'ready',
      });
      await tick();
      return summary;
    },
    async remove(id: string): Promise<void> {
      waiting(id);
      await options.datasets.toSkipped(id, 'taken out of the queue by you; its file is kept');
      tell();
    },
  };
}
