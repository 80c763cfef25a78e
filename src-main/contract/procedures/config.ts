/** Procedures for the configuration. */
import { z } from 'zod';
import { configState } from '../config.ts';
import { estimateAnswer } from '../estimate.ts';
import { call } from './common.ts';

export const configProcedures = {
  get: call.route({ method: 'GET', path: '/config' }).output(configState),
  /** Applies a change, or refuses with LOCKED, NEEDS_CONFIRMATION or INVALID. `stage`: keep a locked change for the next dataset. */
  set: call
    .route({ method: 'POST', path: '/config' })
    .input(
      z.object({
        key: z.string().min(1),
        value: z.unknown(),
        confirm: z.string().nullable().default(null),
        stage: z.boolean().default(false),
        by: z.string().default('you'),
      }),
    )
    .output(configState),
  unstage: call
    .route({ method: 'POST', path: '/config/unstage' })
    .input(z.object({ key: z.string().min(1) }))
    .output(configState),
  /**
   * Estimates a pass with `changes` (dotted keys) applied to the configuration of the next dataset; nothing is saved. `dataset`
   * null: the next ready dataset. NOT_READY without a base model, INVALID when a change is not allowed.
   */
  estimate: call
    .route({ method: 'POST', path: '/config/estimate' })
    .input(
      z.object({
        changes: z.record(z.string(), z.unknown()).default({}),
        dataset: z.string().nullable().default(null),
      }),
    )
    .output(estimateAnswer),
};
