/** The base models that are offered, ready in models/, or being made by the worker. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Setup } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { readBaseModel } from '../base-models/index.ts';
import { removeInside } from '../../kit/confined.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export type BaseModel = Setup['bases'][number];
export type BaseKind = 'starter' | 'smollm2' | 'folder';

const FOLDER_FACTOR = 2;
/** Bytes on disk that making a base model needs, including the downloaded file. */
const BASE_BYTES: Readonly<Record<Exclude<BaseKind, 'folder'>, number>> = {
  starter: 64e6,
  smollm2: 1.2e9,
};

/**
 * What making it writes. A folder is measured: its weights are written once more, at most in twice
 * the precision. What is wrong with a folder that can't be read, the worker says.
 */
export async function baseBytes(kind: BaseKind, source: string | null): Promise<number> {
  if (kind !== 'folder') return BASE_BYTES[kind];
  const folder = source ?? '';
  const names = await readdir(folder, { recursive: true }).catch(unlessTemporary([]));
  let bytes = 0;
  // Followed: in a download cache the weights are links.
  for (const name of names) {
    const facts = await stat(path.join(folder, name)).catch(() => null);
    if (facts?.isFile() === true) bytes += facts.size;
  }
  return bytes * FOLDER_FACTOR;
}

const STARTER_SEED = 1234;

const OFFERED: readonly BaseModel[] = [
  {
    id: 'smollm2',
    label: 'SmolLM2-135M-Instruct',
    detail:
      '135 M-parameter chat model (Apache-2.0). 93 MB download, 650 MB on disk, about 2 min to the first step',
    state: 'available',
    progress: null,
    message: null,
  },
  {
    id: 'starter',
    label: 'Starter',
    detail:
      'Tiny random-weight model (1–2 M parameters) for trying the workflow. 7 MB on disk, under 1 min to the first step',
    state: 'available',
    progress: null,
    message: null,
  },
];

export class BaseModels {
  private readonly options: {
    readonly paths: WorkspacePaths;
    readonly trainer: TrainerRoom;
    readonly journal: Journal;
    readonly changed: () => void;
  };
  private ready: readonly BaseModel[] = [];
  /** Being made, or failed. */
  private readonly making = new Map<string, BaseModel>();
  private abort = new AbortController();

  constructor(options: BaseModels['options']) {
    this.options = options;
  }

  list(): BaseModel[] {
    const bases = new Map(OFFERED.map((base) => [base.id, base]));
    for (const base of this.ready) bases.set(base.id, base);
    for (const [id, base] of this.making) if (bases.get(id)?.state !== 'ready') bases.set(id, base);
    return [...bases.values()];
  }

  isReady(id: string): boolean {
    return this.ready.some((base) => base.id === id);
  }

  isMaking(): boolean {
    return [...this.making.values()].some((base) => base.state === 'making');
  }

  /** Ends the making; nothing of it is left in models/. */
  cancel(): void {
    this.abort.abort();
  }

  /** Finds the base models in models/. */
  async scan(): Promise<void> {
    const found: BaseModel[] = [];
    for (const id of (await readdir(this.options.paths.models).catch(unlessTemporary([]))).sort()) {
      const base = await readBaseModel(this.options.paths, id);
      if (base === null) continue;
      found.push({
        id,
        label: labelOf(id),
        detail: base.label,
        state: 'ready',
        progress: null,
        message: null,
      });
    }
    this.ready = found;
    this.options.changed();
  }

  /** Makes a base model; false when that failed, which the list shows. */
  async make(id: string, kind: BaseKind, source: string | null): Promise<boolean> {
    const shown: BaseModel = {
      id,
      label: labelOf(id),
      detail: source === null ? 'in progress' : `from ${source}`,
      state: 'making',
      progress: 0,
      message: null,
    };
    this.show(shown);
    this.abort = new AbortController();
    const folder = this.options.paths.base(id);
    const result = await this.options.trainer.work(
      'base',
      { base: { id: kind, folder, source, seed: STARTER_SEED } },
      {
        signal: this.abort.signal,
        onEvent: (event) => {
          if (event.type !== 'progress') return;
          this.show({
            ...shown,
            progress: typeof event.fraction === 'number' ? event.fraction : 0,
            message: typeof event.detail === 'string' ? event.detail : null,
          });
        },
      },
    );
    if (result.ok) {
      // In this order: at no time is it neither in progress nor ready.
      await this.scan();
      this.making.delete(id);
      return true;
    }
    await this.removePartial(id);
    if (result.category === 'canceled') {
      this.options.journal.write({
        what: 'setup.base_canceled',
        text: `You canceled the base model ${shown.label}.`,
      });
      this.making.delete(id);
      this.options.changed();
      return false;
    }
    this.options.journal.write({
      what: 'setup.base_failed',
      text: `Couldn't create the base model ${shown.label}: ${result.message}`,
      evidence: { category: result.category, log: result.log },
    });
    this.show({ ...shown, state: 'failed', progress: null, message: result.message });
    return false;
  }

  /** What a killed worker left. */
  private async removePartial(id: string): Promise<void> {
    const { models } = this.options.paths;
    for (const name of await readdir(models).catch(() => []))
      if (name.startsWith(`.${id}.`) && name.endsWith('.partial'))
        await removeInside(models, path.join(models, name)).catch(() => undefined);
  }

  private show(base: BaseModel): void {
    this.making.set(base.id, base);
    this.options.changed();
  }
}

const labelOf = (id: string): string => OFFERED.find((base) => base.id === id)?.label ?? id;
