/** Checks what a first run needs, chooses the base model and adds the sample dataset. */
import path from 'node:path';
import { gigabytes } from '../../contract/format.ts';
import {
  Refusal,
  SAMPLE_NAME,
  SAMPLE_QUESTIONS,
  SAMPLE_SOURCE,
  sampleRecipe,
  type Setup,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Machine } from '../../machine/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { slugOf } from '../versions/index.ts';
import { baseBytes, type BaseKind, BaseModels } from './base-models.ts';
import { findDevice, type PythonReading } from './python.ts';

const SAMPLE_SEED = 7;

export interface SetupOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly baseModels: BaseModelsRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly clock: Clock;
  readonly machine: Pick<Machine, 'facts' | 'knownGpus'>;
  readonly python: () => Promise<PythonReading>;
  readonly failed: (where: string, error: unknown) => void;
}

export interface SetupRoom {
  readonly changed: Emitter<void>;
  state(): Setup;
  /**
   * Chooses a base model. Returns at once; one that must be made first is chosen when it is ready.
   * Refusals NOT_READY, INVALID, LOCKED, BUSY, DISK_FULL.
   */
  choose(kind: BaseKind, folder: string | null): Promise<Setup>;
  /** Ends the creation of a base model. Refusal NOT_READY: none is being created. */
  cancel(): Setup;
  /** Writes the sample dataset and queues its training file, at most once. Refusals NOT_READY, BUSY. */
  sample(options?: { readonly shuffled: boolean }): Promise<void>;
  /** Checks Python, device and base models again. */
  refresh(): Promise<void>;
  close(): void;
}

export async function createSetup(options: SetupOptions): Promise<SetupRoom> {
  const setup = new SetupChecks(options);
  await setup.start();
  return setup;
}

class SetupChecks implements SetupRoom {
  readonly changed = new Emitter<void>();
  private readonly options: SetupOptions;
  private readonly bases: BaseModels;
  private python: Setup['python'] = { state: 'checking', detail: 'Checking Python…' };
  private device: Setup['device'] = { kind: 'unknown', detail: 'Checking the device…' };
  private isWritingSample = false;
  private stops: readonly (() => void)[] = [];

  constructor(options: SetupOptions) {
    this.options = options;
    const { paths, trainer, journal } = options;
    this.bases = new BaseModels({ paths, trainer, journal, changed: () => this.emitChanged() });
  }

  async start(): Promise<void> {
    await this.bases.scan();
    // Starting Python takes seconds; the engine doesn't wait for it.
    this.checkMachine().catch((error: unknown) => {
      this.options.failed('setup.machine', error);
    });
    const emitChanged = (): void => this.emitChanged();
    this.stops = [
      this.options.config.changed.on(emitChanged),
      this.options.disk.changed.on(emitChanged),
    ];
  }

  private emitChanged(): void {
    this.changed.emit(undefined);
  }

  private async checkMachine(): Promise<void> {
    const { state, detail } = await this.options.python();
    this.python = { state, detail };
    this.device = await findDevice(this.options.machine);
    this.emitChanged();
  }

  state(): Setup {
    const chosen = this.options.baseModels.selectedId();
    return {
      python: this.python,
      device: this.device,
      disk: this.disk(),
      bases: this.bases.list(),
      chosen: chosen === '' ? null : chosen,
      sample_added: this.isWritingSample || this.hasSample(),
    };
  }

  private disk(): Setup['disk'] {
    const { freeGb, floorGb } = this.options.disk.reading();
    if (freeGb === null) return { state: 'warn', detail: 'Free space unknown' };
    const detail = `${gigabytes(freeGb)} free, minimum ${gigabytes(floorGb ?? 0)}`;
    return { state: floorGb !== null && freeGb < floorGb ? 'fail' : 'ok', detail };
  }

  private hasSample(): boolean {
    return this.options.datasets.list().some((dataset) => dataset.name === SAMPLE_NAME);
  }

  async choose(kind: BaseKind, folder: string | null): Promise<Setup> {
    const source = folder === null ? null : path.resolve(folder);
    if (kind === 'folder' && source === null)
      throw new Refusal('INVALID', 'The model folder is missing.', {
        next: 'Name the folder of the model.',
      });
    const id = kind === 'folder' ? slugOf(path.basename(source ?? '')) : kind;
    const current = this.options.baseModels.selectedId();
    const isLocked = current !== '' && current !== id && (await this.options.checkpoints.hasAny());
    if (this.bases.isMaking())
      throw new Refusal('BUSY', 'Another base model is being created.', { subject: id });
    if (this.bases.isReady(id)) {
      if (isLocked)
        throw new Refusal('LOCKED', `The model was trained from ${current}.`, {
          subject: 'base_model',
          next: `Set base_model to ${id} to start a new lineage with the next dataset.`,
        });
      await this.adopt(id);
      return this.state();
    }
    if (this.python.state === 'missing')
      throw new Refusal('NOT_READY', this.python.detail, { subject: 'python' });
    const promise = `base ${id}`;
    await this.options.disk.reserve(promise, await baseBytes(kind, source), `the base model ${id}`);
    this.bases
      .make(id, kind, source)
      .finally(() => {
        this.options.disk.release(promise);
      })
      .then((isMade) => (isMade && !isLocked ? this.adopt(id) : undefined))
      .catch((error: unknown) => {
        this.options.failed('setup.choose', error);
      });
    return this.state();
  }

  cancel(): Setup {
    if (!this.bases.isMaking())
      throw new Refusal('NOT_READY', 'No base model is being created.', { subject: 'base' });
    this.bases.cancel();
    return this.state();
  }

  /** Without confirmation: nothing was trained yet, or it is the same base model. */
  private async adopt(id: string): Promise<void> {
    const { baseModels, config, datasets } = this.options;
    await baseModels.select(id);
    if (config.values().base_model !== id)
      await config.set({
        key: 'base_model',
        value: id,
        confirm: 'base_model',
        stage: false,
        by: 'setup',
      });
    await datasets.reconcile();
    this.emitChanged();
  }

  async sample({ shuffled } = { shuffled: false }): Promise<void> {
    if (this.isWritingSample)
      throw new Refusal('BUSY', 'The sample dataset is already being written.');
    if (this.hasSample()) return;
    this.isWritingSample = true;
    this.emitChanged();
    try {
      const folder = this.options.paths.sample;
      const result = await this.options.trainer.work('sample', {
        sample: {
          folder,
          train_rows: sampleRecipe(this.options.baseModels.selectedId()).rows,
          held_out_rows: SAMPLE_QUESTIONS,
          seed: SAMPLE_SEED,
          shuffled,
        },
      });
      if (!result.ok)
        throw new Refusal('NOT_READY', `Couldn't write the sample dataset: ${result.message}`);
      const file = path.join(folder, 'train.jsonl');
      await this.options.datasets.addAs(file, SAMPLE_NAME, 'normal', SAMPLE_SOURCE);
    } finally {
      this.isWritingSample = false;
      this.emitChanged();
    }
  }

  async refresh(): Promise<void> {
    await this.checkMachine();
    await this.bases.scan();
  }

  close(): void {
    for (const stop of this.stops) stop();
  }
}
