/**
 * Setup: what a first run needs (Python, device, disk, a base model) and the sample dataset.
 * Promises: a base is made once, with its progress shown; what was trained goes on from its own base until `base_model` names another.
 * Never: installs anything, reads the network, trains.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { gigabytes } from '../../contract/format.ts';
import { Refusal, type Setup } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { Machine } from '../../machine/index.ts';
import { type BaseModelsRoom, readBaseModel } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { slugOf } from '../versions/index.ts';
import { findDevice, type PythonReading } from './python.ts';

export { findPython, type PythonReading } from './python.ts';

type BaseState = Setup['bases'][number];

/** Bytes that making a base may take, with room for the file it comes from. */
const baseBytes = { starter: 64e6, smollm2: 1.2e9, folder: 2e9 } as const;

const offered: readonly BaseState[] = [
  {
    id: 'smollm2',
    label: 'SmolLM2-135M-Instruct',
    detail: 'A small chat model, 135 M parameters, dequantized from Q4_1, Apache-2.0.',
    state: 'available',
    progress: null,
    message: null,
  },
  {
    id: 'starter',
    label: 'Starter',
    detail:
      'Random weights from a printed seed, 1 to 2 M parameters, made on this machine in seconds.',
    state: 'available',
    progress: null,
    message: null,
  },
];

const sampleName = 'sample-requests.jsonl';
const starterSeed = 1234;

export type SetupRoom = Awaited<ReturnType<typeof createSetup>>;

export async function createSetup(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly baseModels: Pick<BaseModelsRoom, 'selectedId' | 'select'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'hasAny'>;
  readonly clock: Clock;
  readonly machine: Pick<Machine, 'facts' | 'knownGpus'>;
  readonly python: () => Promise<PythonReading>;
  readonly failed: (where: string, error: unknown) => void;
}) {
  const changed = new Emitter<void>();
  let python: Setup['python'] = { state: 'checking', detail: 'Python is looked at.' };
  let device: Setup['device'] = { kind: 'unknown', detail: 'The device is looked at.' };
  const making = new Map<string, BaseState>();
  let ready: readonly BaseState[] = [];
  let isMakingSample = false;

  const tell = (): void => {
    changed.emit(undefined);
  };

  async function lookAtBases(): Promise<void> {
    const found: BaseState[] = [];
    for (const id of (await readdir(options.paths.models).catch(() => [])).sort()) {
      const base = await readBaseModel(options.paths, id);
      if (base === null) continue;
      const known = offered.find((base) => base.id === id);
      found.push({
        id,
        label: known?.label ?? id,
        detail: base.label,
        state: 'ready',
        progress: null,
        message: null,
      });
    }
    ready = found;
    tell();
  }

  async function lookAtMachine(): Promise<void> {
    const reading = await options.python();
    python = { state: reading.state, detail: reading.detail };
    device = await findDevice(options.machine);
    tell();
  }

  function disk(): Setup['disk'] {
    const { freeGb, floorGb } = options.disk.reading();
    if (freeGb === null) return { state: 'warn', detail: 'The free space is not known.' };
    const detail = `${gigabytes(freeGb)} free, floor ${gigabytes(floorGb ?? 0)}`;
    return { state: floorGb !== null && freeGb < floorGb ? 'fail' : 'ok', detail };
  }

  function bases(): BaseState[] {
    const known = new Map(offered.map((base) => [base.id, base]));
    for (const base of ready) known.set(base.id, base);
    for (const [id, base] of making) if (known.get(id)?.state !== 'ready') known.set(id, base);
    return [...known.values()];
  }

  const state = (): Setup => ({
    python,
    device,
    disk: disk(),
    bases: bases(),
    chosen: options.baseModels.selectedId() === '' ? null : options.baseModels.selectedId(),
    sample_added:
      isMakingSample || options.datasets.list().some((dataset) => dataset.name === sampleName),
  });

  async function make(
    id: string,
    kind: 'starter' | 'smollm2' | 'folder',
    source: string | null,
  ): Promise<boolean> {
    const label = offered.find((base) => base.id === id)?.label ?? id;
    const shown: BaseState = {
      id,
      label,
      detail: source === null ? 'being made' : `from ${source}`,
      state: 'making',
      progress: 0,
      message: null,
    };
    making.set(id, shown);
    tell();
    const result = await options.trainer.work(
      'base',
      { base: { id: kind, folder: options.paths.base(id), source, seed: starterSeed } },
      {
        onEvent: (event) => {
          if (event.type !== 'progress') return;
          const fraction = typeof event.fraction === 'number' ? event.fraction : 0;
          const detail = typeof event.detail === 'string' ? event.detail : null;
          making.set(id, { ...shown, progress: fraction, message: detail });
          tell();
        },
      },
    );
    if (result.ok) {
      making.delete(id);
      await lookAtBases();
      return true;
    }
    making.set(id, { ...shown, state: 'failed', progress: null, message: result.message });
    options.journal.write({
      what: 'setup.base_failed',
      text: `The base ${label} could not be made: ${result.message}`,
      evidence: { category: result.category, log: result.log },
    });
    tell();
    return false;
  }

  /** Nothing was trained yet, or it is the same base: then the base may be set without a question. */
  async function adoptBase(id: string): Promise<void> {
    await options.baseModels.select(id);
    if (options.config.values().base_model !== id)
      await options.config.set({
        key: 'base_model',
        value: id,
        confirm: 'base_model',
        stage: false,
        by: 'setup',
      });
    await options.datasets.reconcile();
    tell();
  }

  await lookAtBases();
  void lookAtMachine().catch((error: unknown) => {
    options.failed('setup.machine', error);
  });
  const stops = [options.config.changed.on(tell), options.disk.changed.on(tell)];

  return {
    changed,
    state,
    /** Answers at once; the making goes on and is shown. Refusals NOT_READY, INVALID, LOCKED, BUSY, DISK_FULL. */
    async choose(kind: 'smollm2' | 'starter' | 'folder', folder: string | null): Promise<Setup> {
      const source = folder === null ? null : path.resolve(folder);
      if (kind === 'folder' && source === null)
        throw new Refusal('INVALID', 'No folder was named.', {
          next: 'Name the folder of the model.',
        });
      const id = kind === 'folder' ? slugOf(path.basename(source ?? '')) : kind;
      const current = options.baseModels.selectedId();
      const isTrained = current !== '' && current !== id && (await options.checkpoints.hasAny());
      if ([...making.values()].some((base) => base.state === 'making'))
        throw new Refusal('BUSY', 'A base model is being made already.', { subject: id });
      if (ready.some((base) => base.id === id)) {
        if (isTrained)
          throw new Refusal('LOCKED', `${id} is there; what was trained began from ${current}.`, {
            subject: 'base_model',
            next: `Set base_model to ${id}: the next dataset then begins a new lineage from it.`,
          });
        await adoptBase(id);
        return state();
      }
      if (python.state === 'missing')
        throw new Refusal('NOT_READY', python.detail, { subject: 'python' });
      await options.disk.require(baseBytes[kind], `the base model ${id}`);
      void make(id, kind, source)
        .then((isMade) => (isMade && !isTrained ? adoptBase(id) : undefined))
        .catch((error: unknown) => {
          options.failed('setup.choose', error);
        });
      return state();
    },
    /** Writes the sample and queues its training part; the held-out questions stay beside it. Refusals NOT_READY, BUSY. */
    async sample(): Promise<void> {
      if (isMakingSample) throw new Refusal('BUSY', 'The sample is being written already.');
      // The sample is there already: asked for twice, it is queued once.
      if (options.datasets.list().some((dataset) => dataset.name === sampleName)) return;
      isMakingSample = true;
      tell();
      try {
        const folder = options.paths.sample;
        const result = await options.trainer.work('sample', {
          sample: { folder, train_rows: 560, held_out_rows: 100, seed: 7, shuffled: false },
        });
        if (!result.ok)
          throw new Refusal('NOT_READY', `The sample could not be written: ${result.message}`);
        await options.datasets.addAs(
          path.join(folder, 'train.jsonl'),
          sampleName,
          'normal',
          'sample',
        );
      } finally {
        isMakingSample = false;
        tell();
      }
    },
    /** Looks at Python, device and bases again. */
    async refresh(): Promise<void> {
      await lookAtMachine();
      await lookAtBases();
    },
    close(): void {
      for (const stop of stops) stop();
    },
  };
}
