/** Procedures of the engine itself: facts, feed, status, access, setup. */
import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { accessLink, accessSession, accessState, engineFacts } from '../engine.ts';
import { change, snapshot } from '../feed.ts';
import { machine, memoryStats } from '../machine.ts';
import { baseId, setup } from '../setup.ts';
import { gpu, trainingStatus } from '../status.ts';
import { call, done } from './common.ts';

export const engineProcedures = {
  facts: call.route({ method: 'GET', path: '/engine' }).output(engineFacts),
  /** Stops the engine process; training continues without it. */
  leave: call.route({ method: 'POST', path: '/engine/leave' }).output(done),
};

export const feedProcedures = {
  snapshot: call.output(snapshot),
  /** Changes after `since`. Ends with an error when `since` is no longer kept; then take a new snapshot. */
  changes: call.input(z.object({ since: z.number().int() })).output(eventIterator(change)),
};

export const statusProcedures = {
  get: call.route({ method: 'GET', path: '/status' }).output(trainingStatus),
  machine: call.route({ method: 'GET', path: '/machine' }).output(machine),
  /** null without a GPU. */
  gpu: call.route({ method: 'GET', path: '/gpu_stats' }).output(gpu.nullable()),
  /** Memory of the machine, the trainer, the engine and the GPU. */
  memory: call.route({ method: 'GET', path: '/memory_stats' }).output(memoryStats),
};

/** How browsers and scripts reach the engine. Implemented by the server. */
export const accessProcedures = {
  get: call.route({ method: 'GET', path: '/access' }).output(accessState),
  /** A one-time sign-in link, valid for 5 minutes. */
  link: call.route({ method: 'POST', path: '/access/link' }).output(accessLink),
  /** The token for scripts. Refusal UNAUTHORIZED for a signed-in browser: it can't outlive its session. */
  token: call
    .route({ method: 'POST', path: '/access/token' })
    .output(z.object({ token: z.string() })),
  /** Signed-in browsers, last used first. */
  sessions: call.route({ method: 'GET', path: '/access/sessions' }).output(z.array(accessSession)),
  /** Signs a browser out and closes its pages. Refusal NOT_FOUND. */
  revoke: call
    .route({ method: 'POST', path: '/access/sessions/{id}/revoke' })
    .input(z.object({ id: z.string().min(1) }))
    .output(done),
};

export const setupProcedures = {
  get: call.route({ method: 'GET', path: '/setup' }).output(setup),
  /** Makes or downloads a base model. Before any training the lineage starts from it; later it only sets `base_model`. */
  choose: call
    .route({ method: 'POST', path: '/setup/base' })
    .input(z.object({ base: baseId, folder: z.string().nullable().default(null) }))
    .output(setup),
  /** Ends the download, creation or copy of a base model; nothing of it is kept. */
  cancel: call.route({ method: 'POST', path: '/setup/base/cancel' }).output(setup),
  /** Writes the sample dataset and queues it, with the settings it is trained with. `shuffled`: answers in another order, as a control. */
  sample: call
    .route({ method: 'POST', path: '/setup/sample' })
    .input(z.object({ shuffled: z.boolean().default(false) }).default({ shuffled: false }))
    .output(done),
};
