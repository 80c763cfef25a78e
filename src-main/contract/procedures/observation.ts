/** Procedures that report: metrics, journal, logs, notices, health, disk, diagnostics. */
import { z } from 'zod';
import { activity } from '../activity.ts';
import { crashReport } from '../crash-reports.ts';
import { diagnosticsList } from '../diagnostics.ts';
import { diskUse } from '../disk.ts';
import { drillState } from '../drill.ts';
import { check, monitoringCosts } from '../health.ts';
import { journalEntry } from '../journal.ts';
import { logLines, logSource } from '../logs.ts';
import { branchValidation, curveKey, curves, SMOOTHING_WEIGHT } from '../metrics.ts';
import { notice } from '../notices.ts';
import { preview } from '../status.ts';
import { call, done, flag } from './common.ts';

export const metricsProcedures = {
  curves: call
    .route({ method: 'GET', path: '/metrics' })
    .input(
      z.object({
        keys: z.array(curveKey).default(['loss']),
        from: z.coerce.number().int().nullable().default(null),
        to: z.coerce.number().int().nullable().default(null),
        buckets: z.coerce.number().int().min(1).max(2000).default(1000),
        smoothing: z.coerce.number().min(0).max(0.999).default(SMOOTHING_WEIGHT),
      }),
    )
    .output(curves),
  /** Evaluations of every branch, oldest branch first, for the lineage timeline. */
  validation: call
    .route({ method: 'GET', path: '/metrics/validation' })
    .output(z.array(branchValidation)),
  activity: call
    .route({ method: 'GET', path: '/activity' })
    .input(
      z.object({
        hours: z.coerce
          .number()
          .min(1)
          .max(24 * 31)
          .default(24),
      }),
    )
    .output(activity),
  previews: call
    .route({ method: 'GET', path: '/previews' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(200).default(20) }))
    .output(z.array(preview)),
};

export const journalProcedures = {
  read: call
    .route({ method: 'GET', path: '/journal' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }))
    .output(z.array(journalEntry)),
};

export const logsProcedures = {
  /** The last lines that contain `search`, from the end of the file. */
  read: call
    .route({ method: 'GET', path: '/logs' })
    .input(
      z.object({
        source: logSource.default('engine'),
        search: z.string().max(200).default(''),
        limit: z.coerce.number().int().min(1).max(5000).default(500),
      }),
    )
    .output(logLines),
};

export const noticesProcedures = {
  /** Newest first. */
  list: call.route({ method: 'GET', path: '/notices' }).output(z.array(notice)),
  dismiss: call
    .route({ method: 'POST', path: '/notices/{id}/dismiss' })
    .input(z.object({ id: z.string() }))
    .output(done),
};

export const healthProcedures = {
  run: call.route({ method: 'GET', path: '/health' }).output(z.array(check)),
  /** Crashes and hangs of the trainer, newest first, from the run folders. */
  crashes: call
    .route({ method: 'GET', path: '/crashes' })
    .input(
      z.object({
        days: z.coerce.number().min(1).max(3650).default(30),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
    )
    .output(z.array(crashReport)),
  /** Monitoring overhead, compared with its budget. */
  monitoring: call.route({ method: 'GET', path: '/monitoring_costs' }).output(monitoringCosts),
};

/** The drill runs beside training, on the CPU, and never touches the workspace. */
export const drillProcedures = {
  get: call.route({ method: 'GET', path: '/drill' }).output(drillState),
  /** Refusal BUSY while one runs. */
  start: call.route({ method: 'POST', path: '/drill' }).output(drillState),
  cancel: call.route({ method: 'POST', path: '/drill/cancel' }).output(drillState),
};

export const diskProcedures = {
  /** What uses the disk; measured at most once a minute. */
  use: call.route({ method: 'GET', path: '/disk' }).output(diskUse),
};

export const diagnosticsProcedures = {
  /** The files of the diagnostics bundle. `names`: keep file and dataset names readable instead of hashing them. */
  list: call
    .route({ method: 'GET', path: '/diagnostics' })
    .input(z.object({ names: flag }))
    .output(diagnosticsList),
  /** The bundle: a .tar.gz without dataset texts, prompts, answers, tokens or secrets. */
  bundle: call
    .route({ method: 'GET', path: '/diagnostics/bundle' })
    .input(z.object({ names: flag }))
    .output(z.instanceof(Blob)),
};
