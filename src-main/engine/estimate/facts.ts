/** Gathers what an estimate is based on: base model, device, disk, measured pace, the dataset's report. */
import path from 'node:path';
import { type Config, type KeptEstimate, Refusal } from '../../contract/index.ts';
import { coreFile, readOrNull } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { gpuOf, type Machine } from '../../machine/index.ts';
import { type BaseModel, type BaseModelsRoom, readBaseModel } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import { readReport } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import { resolveForMachine } from '../trainer/index.ts';
import type { DatasetFacts, EstimateFacts } from './estimate.ts';
import { lengthsOf, longestLengths } from './lengths.ts';
import type { Pace, PaceKey } from './record.ts';
import { readShape } from './shape.ts';

const BYTES_PER_MIB = 1024 * 1024;

export interface FactsOptions {
  readonly paths: WorkspacePaths;
  readonly disk: DiskRoom;
  readonly baseModels: BaseModelsRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly machine: Pick<Machine, 'facts' | 'gpus' | 'threads'>;
}

export interface BaseWithShape {
  readonly base: BaseModel;
  readonly shape: EstimateFacts['shape'];
}

export const paceKeyOf = (
  base: BaseModel,
  device: KeptEstimate['device'],
  config: Config,
): PaceKey => ({
  base: base.hash,
  device,
  precision: config.precision === 'fp32' ? 'fp32' : 'bf16',
});

/** The base model that a configuration names, or the lineage's when it names none. Refusal NOT_READY. */
export async function requireBase(
  { paths, baseModels }: FactsOptions,
  { base_model: named }: Config,
): Promise<BaseWithShape> {
  const current = baseModels.selected();
  const base = named === '' || named === current?.id ? current : await readBaseModel(paths, named);
  const shape = base === null ? null : await readShape(base.folder, base.parameters);
  if (base !== null && shape !== null) return { base, shape };
  if (named === '' && base === null)
    throw new Refusal('NOT_READY', 'No base model is selected; the estimate depends on its size.', {
      subject: 'base_model',
      next: 'Choose a base model first.',
    });
  const folder = base?.folder ?? paths.base(named);
  throw new Refusal('NOT_READY', `${folder} has no base model of a supported architecture.`, {
    subject: folder,
    next: 'Name a folder in models/ that has a base.json and a config.json.',
  });
}

/** `paceOf`: how much slower than the reference this machine is. */
export async function factsFor(
  { disk, baseModels, checkpoints, machine }: FactsOptions,
  { base, shape }: BaseWithShape,
  wanted: Config,
  paceOf: (key: PaceKey) => Pace,
): Promise<{ readonly facts: EstimateFacts; readonly config: Config }> {
  const machineFacts = await machine.facts();
  const { device: deviceName, config } = resolveForMachine(wanted, machineFacts);
  const device = deviceName === 'cpu' ? 'cpu' : 'gpu';
  const gpuMib = gpuOf(machine.gpus(), deviceName)?.memoryTotalMb ?? null;
  const gpuMemory = gpuMib === null ? null : gpuMib * BYTES_PER_MIB;
  const { freeGb, floorGb } = disk.reading();
  return {
    config,
    facts: {
      shape,
      device,
      threads: machine.threads,
      totalMemory: device === 'cpu' ? machineFacts.memoryBytes : gpuMemory,
      checkpointBytes: await baseModels.checkpointBytes(),
      checkpointsNow: (await checkpoints.ofHead()).length,
      room: freeGb === null ? null : Math.max(0, (freeGb - (floorGb ?? 0)) * 1e9),
      ...paceOf(paceKeyOf(base, device, config)),
    },
  };
}

/** `id` null, or a dataset without a report: rows as long as max_length allows. */
export async function datasetFacts(
  { paths }: FactsOptions,
  id: string | null,
  config: Config,
  steps: number | null,
): Promise<DatasetFacts> {
  const report = id === null ? null : await readReport(paths.dataset(id));
  const lengths = report === null ? null : lengthsOf(report, config);
  if (report === null || lengths === null)
    return {
      lengths: longestLengths(config),
      heldOutRows: 0,
      isReal: false,
      steps: null,
      hasCache: true,
    };
  const { slice, core } = report.held_out;
  // The first dataset makes the fixed set; later ones read the one that exists.
  const coreRows = core > 0 ? core : await fixedRows(paths);
  return {
    lengths,
    heldOutRows: Math.min(config.eval_samples, slice) + Math.min(config.eval_samples, coreRows),
    // Without a fixed set the dataset's own validation rows are asked.
    questions: Math.min(config.generate_samples, coreRows === 0 ? slice : coreRows),
    rows: report.rows,
    isReal: true,
    steps,
    hasCache: report.cache !== null,
  };
}

/** Rows of the fixed validation set; 0 before the first dataset made it. */
async function fixedRows(paths: WorkspacePaths): Promise<number> {
  return (await readOrNull(path.join(paths.validationCore, 'core.json'), coreFile))?.rows ?? 0;
}
