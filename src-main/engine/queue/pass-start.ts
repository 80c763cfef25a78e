/** Begins the pass of a dataset: frozen in pass.json before anything is launched. */
import { plural } from '../../contract/format.ts';
import { type Config, configFor, Refusal } from '../../contract/index.ts';
import { UNMEASURED } from '../../formats/index.ts';
import { type PassDataset, remainingSteps, validationKey } from '../datasets/index.ts';
import { type Cursor, type PassFile, readCursor, writePass } from './pass-files.ts';
import type { PassOptions } from './pass-options.ts';
import {
  type CurrentRows,
  decideStart,
  doneInEpoch,
  quarantinedSince,
  stepsBefore,
} from './pass-position.ts';
import { keepPlace, savedPlace } from './pass-place.ts';
import { readPassOrRecover } from './pass-recovery.ts';
import type { OpenPass } from './passes.ts';

type Validated = NonNullable<PassDataset['validated']> & { readonly cache: string };
type Base = NonNullable<ReturnType<PassOptions['baseModels']['selected']>>;

/**
 * Null: not now; the dataset stays where it is and is validated, or tried again later.
 * Refusals DISK_FULL, NOT_READY.
 */
export async function startPass(options: PassOptions, id: string): Promise<OpenPass | null> {
  const { datasets, baseModels } = options;
  const dataset = datasets.forPass(id);
  const base = baseModels.selected();
  if (dataset === null || base === null || !dataset.isReady) return null;
  const validated = validatedOf(dataset);
  if (validated === null || !(await datasets.isUnchanged(id))) return null;
  const interrupted = await readInterrupted(options, dataset);
  if (interrupted !== null && (await isOvertaken(options, interrupted)))
    await datasets.note(
      id,
      await keepPlace(options, { dataset, pass: interrupted }, { isSkipped: false }),
    );
  else if (interrupted !== null && canContinue(options, interrupted, validated, base)) {
    await requireSpace(options);
    await datasets.toProcessing(id);
    return { dataset, pass: interrupted };
  }
  const config = await freezeConfig(options, dataset, validated, base);
  if (config === null) return null;
  await requireSpace(options);
  const pass = await planPass(options, dataset, validated, base, config);
  if (pass === null) {
    await datasets.toFailed(id, 'every row that could be trained is quarantined');
    return null;
  }
  await openPass(options, dataset, pass);
  return { dataset, pass };
}

function validatedOf({ validated }: PassDataset): Validated | null {
  if (validated === null || validated.cache === null) return null;
  return { ...validated, cache: validated.cache };
}

/** Refusal NOT_READY for a pass.json of a newer version, which must not be replaced. */
async function readInterrupted(
  options: PassOptions,
  dataset: PassDataset,
): Promise<PassFile | null> {
  const { pass, newer } = await readPassOrRecover(options, dataset, (text) => {
    options.onRecovered(dataset, text);
  });
  if (newer !== null)
    throw new Refusal('NOT_READY', `${newer}.`, {
      subject: dataset.id,
      next: 'Open the workspace with the newer version.',
    });
  return pass?.state === 'open' ? pass : null;
}

/** The trainer would start it at its first row again, because the newest checkpoint is of another. */
const isOvertaken = async (options: PassOptions, pass: PassFile): Promise<boolean> =>
  (await savedPlace(options, pass))?.isOvertaken === true;

const canContinue = (
  options: PassOptions,
  pass: PassFile,
  validated: Validated,
  base: Base,
): boolean =>
  pass.content_hash === validated.content_hash &&
  pass.cache === validated.cache &&
  pass.base.hash === base.hash &&
  options.baseModels.mismatch() === null;

/** Applies staged changes. Null when they need another validation, or another lineage, first. */
async function freezeConfig(
  options: PassOptions,
  dataset: PassDataset,
  validated: Validated,
  base: Base,
): Promise<Config | null> {
  const { baseModels, datasets } = options;
  const config = await options.config.freeze();
  await baseModels.refresh();
  if (baseModels.selected()?.hash !== base.hash) return null;
  const meta = datasets.meta(dataset.id);
  if (meta === null || validated.key !== validationKey(config, base, meta)) return null;
  if (baseModels.mismatch() === null) return configFor(config, meta, base.id);
  options.beginLineage(base.id);
  return null;
}

const requireSpace = async ({ disk, baseModels }: PassOptions): Promise<void> =>
  disk.require(await baseModels.checkpointBytes(), 'a checkpoint');

/** Null when no row is left to train. */
async function planPass(
  options: PassOptions,
  dataset: PassDataset,
  validated: Validated,
  base: Base,
  config: Config,
): Promise<PassFile | null> {
  const { cache, content_hash } = validated;
  const now = options.clock.now();
  const excludedRows = await options.datasets.excludedRows(dataset.id, cache);
  const rows = validated.trained_rows - excludedRows.length;
  if (rows === 0) return null;
  const cursor = await readCursor(dataset.folder);
  const current = {
    ...{ contentHash: content_hash, cache, excludedRows },
    rows: validated.trained_rows,
  };
  // The rest keeps the row order of what was trained, or rows would be trained twice.
  const sameOrder = cursor === null ? config : { ...config, seed: cursor.seed };
  const trained = await trainedSoFar(options, dataset.id, cursor, current);
  const { position, epoch, rowOrder } = decideStart(cursor, current, sameOrder, trained);
  const start = { position, epoch };
  const isContinued = start.position > 0;
  const done = isContinued ? (options.datasets.meta(dataset.id)?.done_steps ?? null) : null;
  return {
    format: 1,
    pass: `p-${Math.round(now).toString(36)}-${options.random()}`,
    dataset: dataset.id,
    config: isContinued ? sameOrder : config,
    planned_steps: remainingSteps(start.position, rows, config),
    // As they were trained: the batch size may have been another one.
    steps_before: done ?? stepsBefore(start.position, rows, config),
    content_hash,
    cache,
    base: { id: base.id, hash: base.hash },
    head_step: (await options.checkpoints.newest())?.step ?? null,
    start,
    excluded_rows: [...excludedRows],
    row_order: rowOrder,
    started: now,
    state: 'open',
    reason: null,
  };
}

/** The rows of the cursor's epoch that are done; read only when rows were quarantined since. */
async function trainedSoFar(
  { datasets }: PassOptions,
  id: string,
  cursor: Cursor | null,
  current: CurrentRows,
): Promise<ReadonlySet<number> | undefined> {
  if (cursor === null || quarantinedSince(cursor, current).length === 0) return undefined;
  return datasets.epochRows(id, { upTo: cursor.step, most: doneInEpoch(cursor, current) });
}

async function openPass(options: PassOptions, dataset: PassDataset, pass: PassFile): Promise<void> {
  const { id, name } = dataset;
  await writePass(dataset.folder, pass);
  await options.estimate.begin({
    pass: pass.pass,
    dataset: id,
    config: pass.config,
    steps: pass.planned_steps,
  });
  await options.datasets.toProcessing(id);
  await options.datasets.note(id, {
    done_steps: pass.steps_before,
    planned_steps: pass.steps_before + pass.planned_steps,
    resumes_at: pass.start.position === 0 ? null : pass.start.position,
    ...UNMEASURED,
  });
  const excluded = pass.excluded_rows.length;
  const without = excluded === 0 ? '' : `, without ${plural(excluded, 'quarantined row')}`;
  options.journal.write({
    what: 'queue.begin',
    text: `Training started on ${name}: ${plural(pass.planned_steps, 'step')}${without}.`,
    step: pass.head_step,
    dataset: id,
    evidence: { pass: pass.pass, start: pass.start, excluded_rows: pass.excluded_rows },
  });
}
