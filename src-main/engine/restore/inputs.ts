/** What is read of the workspace before a restore is decided. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type {
  Backup,
  EvaluationPoint,
  Point,
  RestorePlan,
  RestoreSource,
} from '../../contract/index.ts';
import { type BaseFacts, type Checkpoint, listCheckpoints, readBase } from '../versions/index.ts';
import type { RestoreReadings } from './decide.ts';
import type { RestorePhase, KeptPoint, RestoreOptions } from './types.ts';

/** What was measured of the phases in this process: seconds a byte, or a call. */
export type Measured = ReadonlyMap<
  RestorePhase,
  { readonly seconds: number; readonly bytes: number }
>;

function ofCheckpoint(found: Checkpoint, branch: string): KeptPoint {
  const { manifest } = found;
  return {
    branch,
    step: found.step,
    origin: { kind: 'checkpoint' },
    model: path.join(found.folder, 'model'),
    optimizerState: found.folder,
    share: true,
    base: manifest.base,
    hashes: manifest.hashes,
    cursor: manifest.cursor,
    bytes: found.bytes,
  };
}

/** A backup of the model holds a checkpoint as it lay in the workspace, one of a version its folder; one of any other folder no model. */
async function ofBackup(options: RestoreOptions, backup: Backup): Promise<KeptPoint | null> {
  const { branch, step } = backup;
  if (branch === null || step === null || backup.verified?.ok === false) return null;
  const content = options.backups.contentOf(backup.id);
  const origin = { kind: 'backup', id: backup.id } as const;
  if (backup.source.kind === 'model') {
    const found = await listCheckpoints(path.join(content, 'current_model/checkpoints', branch));
    const checkpoint = found.find((known) => known.step === step && known.problem === null);
    return checkpoint === undefined
      ? null
      : { ...ofCheckpoint(checkpoint, branch), origin, share: false };
  }
  if (backup.source.kind !== 'version') return null;
  const { name } = backup.source;
  return {
    branch,
    step,
    origin,
    model: path.join(content, 'models/versions', name),
    optimizerState: null,
    share: false,
    ...(await originOf(options, path.join(content, 'models/versions', name))),
    bytes: backup.bytes,
  };
}

async function originOf(
  options: RestoreOptions,
  folder: string,
): Promise<Pick<KeptPoint, 'base' | 'hashes' | 'cursor'>> {
  const known = await options.versions.originOf(folder);
  return {
    base: known?.base ?? null,
    hashes: known?.hashes ?? {},
    cursor: known?.cursor ?? null,
  };
}

/** `damaged`: folders whose bytes were found to be wrong in this process. */
export async function readKept(
  options: RestoreOptions,
  damaged: ReadonlySet<string>,
): Promise<readonly KeptPoint[]> {
  const checkpoints = (await options.versions.allCheckpoints())
    .filter((checkpoint) => checkpoint.problem === null && !damaged.has(checkpoint.folder))
    .map((checkpoint) => ofCheckpoint(checkpoint, checkpoint.branch));
  const kept: KeptPoint[] = [...checkpoints];
  for (const version of options.versions.list()) {
    const same = checkpoints.find(
      (checkpoint) => checkpoint.branch === version.branch && checkpoint.step === version.step,
    );
    const own = await originOf(options, version.folder);
    kept.push({
      branch: version.branch,
      step: version.step,
      origin: { kind: 'version', name: version.name },
      model: version.folder,
      optimizerState: same?.optimizerState ?? null,
      share: true,
      base: same?.base ?? own.base,
      hashes: same?.hashes ?? own.hashes,
      cursor: same?.cursor ?? own.cursor,
      bytes: Math.max(version.bytes, same?.bytes ?? 0),
    });
  }
  for (const backup of options.backups.list()) {
    const point = await ofBackup(options, backup);
    if (point !== null) kept.push(point);
  }
  return kept;
}

export async function readAll(
  options: RestoreOptions,
  damaged: ReadonlySet<string>,
  measured: Measured,
  source: RestoreSource,
): Promise<RestoreReadings> {
  await options.disk.refresh();
  const kept = await readKept(options, damaged);
  const head = options.versions.branch();
  const branches = options.versions.branches();
  const newest = await options.versions.newestCheckpoint();
  const isTraining = options.trainer.view().alive;
  const { heartbeat } = options.trainer.view();
  const live = isTraining && heartbeat !== null && heartbeat.phase !== 'load' ? heartbeat.step : 0;
  const step = Math.max(newest?.step ?? 0, live ?? 0, newestKept(kept, head));
  const datasets = await options.datasets.trained();
  const openPasses = new Map<string, string>();
  for (const { id } of datasets) {
    const pass = await options.queue.passOf(id);
    if (pass?.state === 'open') openPasses.set(id, pass.pass);
  }
  const { freeGb } = options.disk.reading();
  const newBranch = await options.versions.nextBranch();
  return {
    head,
    branches,
    at: step === 0 && newest === null && kept.length === 0 ? null : { branch: head, step },
    kept,
    base: await baseOf(options),
    named: source.kind === 'base' ? await namedBase(options, source.id, newBranch) : null,
    datasets,
    newBranch,
    openPasses,
    isTraining: options.queue.isSupervising(),
    warmupSteps: (options.queue.open()?.pass.config ?? options.config.values()).warmup_steps,
    standing: (at, point) => standing(options, at, point),
    freeBytes: freeGb === null ? null : freeGb * 1e9,
    backupBytes: newest?.bytes ?? 0,
    seconds: (phase, bytes) => {
      const known = measured.get(phase);
      if (known === undefined) return null;
      return known.bytes === 0 ? known.seconds : (known.seconds * bytes) / known.bytes;
    },
    now: options.clock.now(),
  };
}

const newestKept = (kept: readonly KeptPoint[], branch: string): number =>
  Math.max(
    0,
    ...kept
      .filter((point) => point.branch === branch && point.origin.kind !== 'backup')
      .map((point) => point.step),
  );

/** The base as the point before the first step of the first branch. */
async function baseOf(options: RestoreOptions): Promise<KeptPoint | null> {
  const lineage = options.versions.lineage();
  const base = lineage === null ? null : await readBase(options.paths, lineage.base.id);
  if (base === null || base.hash !== lineage?.base.hash) return null;
  return pointOfBase(base, options.versions.ancestry()[0]?.branch ?? 'main');
}

/** Any base of the workspace, as the point before the first step of the branch that would be opened. */
async function namedBase(
  options: RestoreOptions,
  id: string,
  branch: string,
): Promise<KeptPoint | null> {
  const base = path.basename(id) === id ? await readBase(options.paths, id) : null;
  return base === null ? null : pointOfBase(base, branch);
}

async function pointOfBase(base: BaseFacts, branch: string): Promise<KeptPoint | null> {
  const names = await readdir(base.folder).catch(() => []);
  if (!names.some((name) => name.endsWith('.safetensors'))) return null;
  return {
    branch,
    step: 0,
    origin: { kind: 'base' },
    model: base.folder,
    optimizerState: null,
    share: true,
    base: { id: base.id, hash: base.hash },
    hashes: {},
    cursor: null,
    bytes: (base.parameters ?? 0) * 4,
  };
}

/** The evaluation at the point, or the newest before it on its branch; what a version says of itself comes first. */
function standing(
  options: RestoreOptions,
  at: Point,
  kept: KeptPoint | null,
): Pick<RestorePlan['from'], 'validation_loss' | 'evaluated_step' | 'exact_match'> {
  const name = kept?.origin.kind === 'version' ? kept.origin.name : null;
  const version =
    options.versions.list().find((version) => version.name === name) ??
    options.versions
      .list()
      .find((version) => version.branch === at.branch && version.step === at.step);
  if (version !== undefined)
    return {
      validation_loss: version.validation_loss,
      evaluated_step: version.evaluated_step,
      exact_match: version.exact_match,
    };
  const measured: EvaluationPoint | undefined = options.metrics
    .validation()
    .find((metric) => metric.branch === at.branch)
    ?.evaluations.findLast((evaluation) => evaluation.step <= at.step);
  return {
    validation_loss: measured?.core_loss ?? measured?.slice_loss ?? null,
    evaluated_step: measured?.step ?? null,
    exact_match:
      measured?.exact_k == null || measured.exact_n == null
        ? null
        : { k: measured.exact_k, n: measured.exact_n },
  };
}
