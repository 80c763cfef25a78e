/**
 * The contract: everything that crosses the wall between the engine and a client, grouped by room. The WebSocket procedures, the
 * typed client, REST for scripts, the command line's types and the scripted test double all come from here.
 */
import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { backup, backupCleanup, backupSource, backupType } from './backups.ts';
import { configState } from './config.ts';
import {
  columnMapping,
  datasetDetails,
  datasetReport,
  datasetSummary,
  priority,
  rowDetails,
  rowFilter,
  rowStates,
} from './datasets.ts';
import { estimateAnswer, overLongAnswer } from './estimate.ts';
import { activity } from './activity.ts';
import { crashReport } from './crash-reports.ts';
import { diagnosticsList } from './diagnostics.ts';
import { diskUse } from './disk.ts';
import { accessLink, accessState, engineFacts } from './engine.ts';
import { change, snapshot } from './feed.ts';
import { check, monitoringCosts } from './health.ts';
import { journalEntry } from './journal.ts';
import {
  checkpointCheck,
  checkpointCleanup,
  lineageState,
  restorePlan,
  restoreResult,
  restoreSource,
} from './lineage.ts';
import { logLines, logSource } from './logs.ts';
import { machine, memoryStats } from './machine.ts';
import { branchValidation, curveKey, curves } from './metrics.ts';
import { notice } from './notices.ts';
import { queueState } from './queue.ts';
import { refusals } from './refusal.ts';
import { baseId, setup } from './setup.ts';
import { gpu, preview, queueCounts, trainingStatus } from './status.ts';
import { version, versionCheck } from './versions.ts';

/** Grows with every change that an older client would misread. */
export const CONTRACT_VERSION = 2;

const call = oc.errors(refusals);
const nothing = z.object({});
const versionName = z.object({ name: z.string().regex(/^v\d+_[a-z0-9-]+$/) });
const done = z.object({ ok: z.literal(true) });
/** `true` from a call, `'true'` from a query. */
const flag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
  .default(false);
const datasetId = z.object({ id: z.string().min(1) });

/** What a control command answers: whether it has taken effect yet, how long that took, and the state now. */
const controlled = z.object({
  state: trainingStatus.shape.state,
  acted: z.boolean(),
  waited_ms: z.number(),
  text: z.string(),
});

export const contract = {
  engine: {
    facts: call.route({ method: 'GET', path: '/engine' }).output(engineFacts),
    /** Ends the engine process; training goes on without it. */
    leave: call.route({ method: 'POST', path: '/engine/leave' }).output(done),
  },
  feed: {
    snapshot: call.output(snapshot),
    /** Changes after `since`. Ends with an error when `since` is too old: take a new snapshot. */
    changes: call.input(z.object({ since: z.number().int() })).output(eventIterator(change)),
  },
  status: {
    get: call.route({ method: 'GET', path: '/status' }).output(trainingStatus),
    machine: call.route({ method: 'GET', path: '/machine' }).output(machine),
    /** null without a GPU. */
    gpu: call.route({ method: 'GET', path: '/gpu_stats' }).output(gpu.nullable()),
    /** Memory of the machine, the trainer, the engine and the GPU. */
    memory: call.route({ method: 'GET', path: '/memory_stats' }).output(memoryStats),
  },
  training: {
    pause: call
      .route({ method: 'POST', path: '/training/pause' })
      .input(z.object({ by: z.string().default('you') }))
      .output(controlled),
    resume: call
      .route({ method: 'POST', path: '/training/resume' })
      .input(z.object({ by: z.string().default('you') }))
      .output(controlled),
    /** `now: false` finishes the current dataset first. */
    stop: call
      .route({ method: 'POST', path: '/training/stop' })
      .input(z.object({ now: z.boolean(), by: z.string().default('you') }))
      .output(controlled),
    skip: call
      .route({ method: 'POST', path: '/training/skip' })
      .input(z.object({ by: z.string().default('you') }))
      .output(controlled),
  },
  queue: {
    state: call
      .route({ method: 'GET', path: '/queue' })
      .output(
        z.object({ queue: queueState, counts: queueCounts, datasets: z.array(datasetSummary) }),
      ),
    /** Copies files or folders of this machine into the workspace; the originals are never touched. */
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
    /** `before`: the dataset it is placed in front of, null = the end. */
    move: call
      .route({ method: 'POST', path: '/queue/{id}/move' })
      .input(datasetId.extend({ priority, before: z.string().nullable().default(null) }))
      .output(datasetSummary),
    hold: call
      .route({ method: 'POST', path: '/queue/{id}/hold' })
      .input(datasetId.extend({ held: z.boolean() }))
      .output(datasetSummary),
    /** A failed, skipped or completed dataset goes back into the queue. A skipped one continues where it was. */
    retry: call
      .route({ method: 'POST', path: '/queue/{id}/retry' })
      .input(datasetId)
      .output(datasetSummary),
    /** Takes a waiting dataset out of the queue (to skipped/); its file is kept. */
    remove: call
      .route({ method: 'POST', path: '/queue/{id}/remove' })
      .input(datasetId)
      .output(done),
  },
  datasets: {
    list: call.route({ method: 'GET', path: '/datasets' }).output(z.array(datasetSummary)),
    get: call
      .route({ method: 'GET', path: '/datasets/{id}' })
      .input(datasetId)
      .output(datasetDetails),
    /**
     * What leaving out, cutting, or a longer max_length costs where rows are longer than it. NOT_READY before there is a report or
     * without a base; a choice is carried out by `config.set`.
     */
    overLong: call
      .route({ method: 'GET', path: '/datasets/{id}/over-long' })
      .input(z.object({ id: z.string().min(1) }))
      .output(overLongAnswer),
    rows: call
      .route({ method: 'GET', path: '/datasets/{id}/rows' })
      .input(
        datasetId.extend({
          from: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(0).max(100000).default(1000),
          filter: rowFilter.default('all'),
          /** Of the rejected rows only those with this reason. */
          reason: z.string().optional(),
          /** Of the trained rows only those trained so often. */
          times: z.coerce.number().int().min(1).optional(),
          /** A physical row whose place in the list is asked for. */
          at: z.coerce.number().int().min(1).optional(),
        }),
      )
      .output(rowStates),
    /** One physical row: the record, the text that is trained, its state. */
    row: call
      .route({ method: 'GET', path: '/datasets/{id}/rows/{row}' })
      .input(datasetId.extend({ row: z.coerce.number().int().min(1) }))
      .output(rowDetails),
    /** Roles of the columns of a flat record; the file is validated again. */
    mapColumns: call
      .route({ method: 'POST', path: '/datasets/{id}/map' })
      .input(datasetId.extend({ mapping: columnMapping }))
      .output(datasetSummary),
    acceptValidRows: call
      .route({ method: 'POST', path: '/datasets/{id}/accept' })
      .input(datasetId)
      .output(datasetSummary),
    /** Judges a file of this machine without adding it. */
    validate: call
      .route({ method: 'POST', path: '/datasets/validate' })
      .input(z.object({ path: z.string().min(1) }))
      .output(datasetReport),
  },
  uploads: {
    /** Opens or continues an upload to inbox/.part. `offset`: bytes that are already there. */
    begin: call
      .input(
        z.object({
          name: z.string().min(1).max(255),
          bytes: z.number().int().min(0),
          key: z.string().min(8).max(128),
          priority: priority.default('normal'),
        }),
      )
      .output(z.object({ upload: z.string(), offset: z.number().int() })),
    append: call
      .input(
        z.object({
          upload: z.string(),
          offset: z.number().int().min(0),
          chunk: z.instanceof(Blob),
        }),
      )
      .output(z.object({ offset: z.number().int() })),
    /** `sha256` of the whole file, hex; a mismatch is refused and the part is removed. */
    finish: call
      .input(z.object({ upload: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
      .output(datasetSummary),
    cancel: call.input(z.object({ upload: z.string() })).output(done),
  },
  versions: {
    list: call.route({ method: 'GET', path: '/versions' }).output(z.array(version)),
    /** `last_copy`: no checkpoint and no other version holds the same step. */
    get: call
      .route({ method: 'GET', path: '/versions/{name}' })
      .input(versionName)
      .output(z.object({ version, last_copy: z.boolean() })),
    /** Keeps the weights of the newest checkpoint. NOT_READY when there is none, or when they are kept already. */
    create: call
      .route({ method: 'POST', path: '/versions' })
      .input(z.object({ description: z.string().min(1).max(500), by: z.string().default('you') }))
      .output(version),
    /** A pinned version is not deleted, by nobody. */
    pin: call
      .route({ method: 'POST', path: '/versions/{name}/pin' })
      .input(versionName.extend({ pinned: z.boolean() }))
      .output(version),
    /** Compares every file with the SHA-256 it was published with. */
    verify: call
      .route({ method: 'GET', path: '/versions/{name}/verify' })
      .input(versionName)
      .output(versionCheck),
    /**
     * Moves a version to the trash, where it stays for 30 days. NEEDS_CONFIRMATION until `confirm` is its full name, and, when no
     * checkpoint or other version holds the same step, until `last_copy` is true. LOCKED while it is pinned.
     */
    remove: call
      .route({ method: 'POST', path: '/versions/{name}/delete' })
      .input(
        versionName.extend({
          confirm: z.string().nullable().default(null),
          last_copy: z.boolean().default(false),
          by: z.string().default('you'),
        }),
      )
      .output(done),
  },
  lineage: {
    get: call.route({ method: 'GET', path: '/lineage' }).output(lineageState),
  },
  checkpoints: {
    /** Reads every byte of the branch's checkpoints, newest first, until one verifies. `branch` null: the head's. */
    verify: call
      .route({ method: 'GET', path: '/checkpoints/verify' })
      .input(z.object({ branch: z.string().nullable().default(null) }))
      .output(checkpointCheck),
    /**
     * Removes all but the newest `keep` of each branch, never the last one that verifies of a branch. Without `execute` it only says
     * what it would do. BUSY while a trainer runs.
     */
    cleanup: call
      .route({ method: 'POST', path: '/checkpoints/cleanup' })
      .input(
        z.object({
          keep: z.coerce.number().int().min(1).max(1000),
          execute: z.boolean().default(false),
          by: z.string().default('you'),
        }),
      )
      .output(checkpointCleanup),
  },
  restore: {
    /** What a restore would do; changes nothing. */
    plan: call
      .route({ method: 'POST', path: '/restore/plan' })
      .input(z.object({ source: restoreSource }))
      .output(restorePlan),
    /**
     * Does what a plan says: pause, verify the source, back up, stage beside, switch by one rename, continue. NOT_READY when the plan
     * is not what would happen now, BUSY while another restore is under way, DISK_FULL before anything is touched.
     */
    carryOut: call
      .route({ method: 'POST', path: '/restore' })
      .input(
        z.object({
          source: restoreSource,
          plan: z.string(),
          queue_again: z.boolean().default(false),
          by: z.string().default('you'),
        }),
      )
      .output(restoreResult),
  },
  backups: {
    list: call.route({ method: 'GET', path: '/backups' }).output(z.array(backup)),
    create: call
      .route({ method: 'POST', path: '/backups' })
      .input(
        z.object({
          source: backupSource.default({ kind: 'model' }),
          type: backupType.default('manual'),
          reason: z.string().min(1).max(500),
          by: z.string().default('you'),
        }),
      )
      .output(backup),
    /** Compares every byte with the SHA-256 that was taken from the source. */
    verify: call
      .route({ method: 'POST', path: '/backups/verify' })
      .input(z.object({ id: z.string().min(1) }))
      .output(backup),
    /** Puts the files of a backup into a new folder `to`, and compares them there. The model is restored by `restore`. */
    extract: call
      .route({ method: 'POST', path: '/backups/extract' })
      .input(
        z.object({
          id: z.string().min(1),
          to: z.string().min(1),
          by: z.string().default('you'),
        }),
      )
      .output(z.object({ folder: z.string(), files: z.number().int(), bytes: z.number() })),
    /**
     * Removes what is older than its retention, never the newest good one of a type, and nothing that is the last copy of what it
     * holds unless `last_copies` agrees to it. Without `execute` it only says what it would do.
     */
    cleanup: call
      .route({ method: 'POST', path: '/backups/cleanup' })
      .input(
        z.object({
          retention_days: z.coerce.number().min(0).nullable().default(null),
          last_copies: z.boolean().default(false),
          execute: z.boolean().default(false),
          by: z.string().default('you'),
        }),
      )
      .output(backupCleanup),
  },
  metrics: {
    curves: call
      .route({ method: 'GET', path: '/metrics' })
      .input(
        z.object({
          keys: z.array(curveKey).default(['loss']),
          from: z.coerce.number().int().nullable().default(null),
          to: z.coerce.number().int().nullable().default(null),
          buckets: z.coerce.number().int().min(1).max(2000).default(1000),
          smoothing: z.coerce.number().min(0).max(0.999).default(0.6),
        }),
      )
      .output(curves),
    /** Of every branch, oldest first: the picture of the lineage. */
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
  },
  config: {
    get: call.route({ method: 'GET', path: '/config' }).output(configState),
    /** Changes now, or refuses with LOCKED / NEEDS_CONFIRMATION / INVALID. `stage`: keep a locked change for the next dataset. */
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
     * What a pass takes with `changes` (dotted keys) over what the next dataset begins with; nothing is kept. `dataset` null: the next one
     * that is ready. NOT_READY without a base, INVALID when a change is not allowed.
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
  },
  journal: {
    read: call
      .route({ method: 'GET', path: '/journal' })
      .input(z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }))
      .output(z.array(journalEntry)),
  },
  logs: {
    /** The last lines that hold `search`, from the end of the file. */
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
  },
  notices: {
    /** Newest first. */
    list: call.route({ method: 'GET', path: '/notices' }).output(z.array(notice)),
    dismiss: call
      .route({ method: 'POST', path: '/notices/{id}/dismiss' })
      .input(z.object({ id: z.string() }))
      .output(done),
  },
  health: {
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
    /** What watching costs, against its budget. */
    monitoring: call.route({ method: 'GET', path: '/monitoring_costs' }).output(monitoringCosts),
  },
  disk: {
    /** What uses the disk; measured at most once a minute. */
    use: call.route({ method: 'GET', path: '/disk' }).output(diskUse),
  },
  diagnostics: {
    /** What the bundle would hold. `names`: file and dataset names stay readable, else they are hashed. */
    list: call
      .route({ method: 'GET', path: '/diagnostics' })
      .input(z.object({ names: flag }))
      .output(diagnosticsList),
    /** The bundle, a .tar.gz without texts of datasets, prompts, answers, tokens or secrets. */
    bundle: call
      .route({ method: 'GET', path: '/diagnostics/bundle' })
      .input(z.object({ names: flag }))
      .output(z.instanceof(Blob)),
  },
  /** How the engine is reached by a browser and by scripts. Answered by its door. */
  access: {
    get: call.route({ method: 'GET', path: '/access' }).output(accessState),
    /** An address that signs one browser in, once, within 5 minutes. */
    link: call.route({ method: 'POST', path: '/access/link' }).output(accessLink),
    /** The token for scripts. */
    token: call
      .route({ method: 'POST', path: '/access/token' })
      .output(z.object({ token: z.string() })),
  },
  setup: {
    get: call.route({ method: 'GET', path: '/setup' }).output(setup),
    /** Makes or obtains a base model. While nothing was trained the lineage begins from it; after that only `base_model` goes over to it. */
    choose: call
      .route({ method: 'POST', path: '/setup/base' })
      .input(z.object({ base: baseId, folder: z.string().nullable().default(null) }))
      .output(setup),
    /** Writes the sample dataset and queues it. */
    sample: call.route({ method: 'POST', path: '/setup/sample' }).input(nothing).output(done),
  },
};
export type Contract = typeof contract;
