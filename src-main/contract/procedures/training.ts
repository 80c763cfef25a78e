/** Procedures that control training and the queue. */
import { z } from 'zod';
import { datasetSummary, priority } from '../datasets.ts';
import { queueState } from '../queue.ts';
import { queueCounts, trainingStatus } from '../status.ts';
import { call, done, datasetId } from './common.ts';

/** What a control command returns: whether it has taken effect yet, after how many milliseconds, and the state now. */
const controlled = z.object({
  state: trainingStatus.shape.state,
  acted: z.boolean(),
  waited_ms: z.number(),
  text: z.string(),
});

export const trainingProcedures = {
  pause: call
    .route({ method: 'POST', path: '/training/pause' })
    .input(z.object({ by: z.string().default('you') }))
    .output(controlled),
  resume: call
    .route({ method: 'POST', path: '/training/resume' })
    .input(z.object({ by: z.string().default('you') }))
    .output(controlled),
  /**
   * `now: false` finishes the current dataset first. `discard`: don't wait for a checkpoint that
   * can't be saved; only then, the steps after the newest one are trained again.
   */
  stop: call
    .route({ method: 'POST', path: '/training/stop' })
    .input(
      z.object({
        now: z.boolean(),
        discard: z.boolean().optional(),
        by: z.string().default('you'),
      }),
    )
    .output(controlled),
  skip: call
    .route({ method: 'POST', path: '/training/skip' })
    .input(z.object({ by: z.string().default('you') }))
    .output(controlled),
};

export const queueProcedures = {
  state: call
    .route({ method: 'GET', path: '/queue' })
    .output(
      z.object({ queue: queueState, counts: queueCounts, datasets: z.array(datasetSummary) }),
    ),
  /** Copies files or folders of the engine's machine into the workspace; the originals are never touched. */
  add: call
    .route({ method: 'POST', path: '/queue/add' })
    .input(
      z.object({
        paths: z.array(z.string().min(1)).min(1),
        priority: priority.default('normal'),
      }),
    )
    .output(
      z.object({
        added: z.array(datasetSummary),
        refused: z.array(z.object({ path: z.string(), message: z.string() })),
      }),
    ),
  /** `before`: the dataset to place it in front of; null moves it to the end. */
  move: call
    .route({ method: 'POST', path: '/queue/{id}/move' })
    .input(datasetId.extend({ priority, before: z.string().nullable().default(null) }))
    .output(datasetSummary),
  hold: call
    .route({ method: 'POST', path: '/queue/{id}/hold' })
    .input(datasetId.extend({ held: z.boolean() }))
    .output(datasetSummary),
  /** Queues a failed, skipped or completed dataset again. A skipped dataset continues at its cursor. */
  retry: call
    .route({ method: 'POST', path: '/queue/{id}/retry' })
    .input(datasetId)
    .output(datasetSummary),
  /** Removes a waiting dataset from the queue (to skipped/); its file is kept. */
  remove: call.route({ method: 'POST', path: '/queue/{id}/remove' }).input(datasetId).output(done),
};
