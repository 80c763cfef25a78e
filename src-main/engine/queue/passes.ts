/** Opening, continuing and closing the pass of a dataset. Each order of operations is one that `repair` can read after a crash. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Version } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import {
  type DatasetsRoom,
  validationKey,
  type PassDataset,
  plannedSteps,
} from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { EstimateRoom } from '../estimate/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import type { PassOutcome, PassRequest } from '../trainer/index.ts';
import { measuredBy, type VersionsRoom } from '../versions/index.ts';
import { decideCompletion } from './decide.ts';
import {
  decideStart,
  type PassFile,
  readCursor,
  readPass,
  removeCursor,
  writeCursor,
  writePass,
} from './pass.ts';

export interface PassesOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly estimate: Pick<EstimateRoom, 'begin' | 'settle'>;
  readonly journal: Journal;
  readonly metrics: MetricsRoom;
  readonly lineage: Pick<LineageRoom, 'branch' | 'changed'>;
  readonly baseModels: BaseModelsRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest'>;
  readonly versions: Pick<VersionsRoom, 'create'>;
  readonly clock: Clock;
  readonly random: () => string;
  /** Another base was chosen: the model that stands is kept, and a lineage of that base opened, while the queue stands still. */
  readonly beginLineage: (base: string) => void;
}

export interface OpenPass {
  readonly dataset: PassDataset;
  readonly pass: PassFile;
}

export type Closed =
  | { readonly kind: 'completed'; readonly version: Version | null }
  | { readonly kind: 'failed'; readonly reason: string };

export class Passes {
  private readonly o: PassesOptions;
  constructor(options: PassesOptions) {
    this.o = options;
  }

  /**
   * What a crash left in processing/ is brought to one open pass at most: closed passes go where they belong, files without a pass
   * go back to wait, and of several open ones the newest stays (the others keep theirs and continue it later).
   */
  async repair(): Promise<OpenPass | null> {
    const open: OpenPass[] = [];
    for (const dataset of this.o.datasets.processing()) {
      const pass = await readPass(dataset.folder);
      if (pass?.state === 'left') {
        await this.o.datasets.toQueue(dataset.id, dataset.priority, {
          before: this.first(dataset),
          judgeAgain: false,
        });
        this.tell(dataset, `A restore went back before ${dataset.name}; it waits again.`);
      } else if (pass?.state === 'again') await this.again({ dataset, pass }, pass.reason ?? '');
      else if (pass === null || !(await this.hasCache(dataset, pass))) {
        await this.o.datasets.toQueue(dataset.id, dataset.priority, {
          before: null,
          judgeAgain: pass !== null,
        });
        this.tell(dataset, `${dataset.name} has no pass that can be continued; it waits again.`);
      } else if (pass.state === 'completed') await this.o.datasets.toCompleted(dataset.id, {});
      else if ((await readCursor(dataset.folder))?.pass === pass.pass)
        // The trainer had skipped it when the engine died before it heard of it.
        await this.skip({ dataset, pass }, null);
      else if (pass.state === 'failed')
        await this.o.datasets.toFailed(dataset.id, pass.reason ?? 'failed');
      else if (pass.state === 'skipped')
        await this.o.datasets.toSkipped(dataset.id, pass.reason ?? 'skipped');
      else open.push({ dataset, pass });
    }
    open.sort((a, b) => b.pass.started - a.pass.started);
    for (const { dataset } of open.slice(1)) {
      await this.o.datasets.toQueue(dataset.id, dataset.priority, {
        before: null,
        judgeAgain: false,
      });
      this.tell(dataset, `Another dataset is being trained; ${dataset.name} waits again.`);
    }
    return open[0] ?? null;
  }

  /** null: not now; the dataset stays where it is and is validated or tried again. Refusal DISK_FULL. */
  async begin(id: string): Promise<OpenPass | null> {
    const dataset = this.o.datasets.forPass(id);
    const base = this.o.baseModels.selected();
    if (dataset?.validated == null || base === null || !dataset.isReady) return null;
    const { validated } = dataset;
    const { cache } = validated;
    if (cache === null) return null;
    if (!(await this.o.datasets.isUnchanged(id))) return null;
    const interrupted = await readPass(dataset.folder);
    if (
      interrupted?.state === 'open' &&
      interrupted.content_hash === validated.content_hash &&
      interrupted.cache === cache &&
      interrupted.base.hash === base.hash &&
      this.o.baseModels.mismatch() === null
    ) {
      await this.o.disk.require(await this.o.baseModels.checkpointBytes(), 'a checkpoint');
      await this.o.datasets.toProcessing(id);
      return this.reopen({ dataset, pass: interrupted });
    }
    const config = await this.o.config.freeze();
    // A staged base, applied just now: what waits is validated for it first.
    await this.o.baseModels.refresh();
    if (this.o.baseModels.selected()?.hash !== base.hash) return null;
    const meta = this.o.datasets.meta(id);
    // A staged change that was applied just now may need another verdict; the intake worker gives it first.
    if (meta === null || validated.key !== validationKey(config, base, meta)) return null;
    if (this.o.baseModels.mismatch() !== null) {
      this.o.beginLineage(base.id);
      return null;
    }
    await this.o.disk.require(await this.o.baseModels.checkpointBytes(), 'a checkpoint');
    const cursor = await readCursor(dataset.folder);
    const excludedRows = await this.o.datasets.excludedRows(id, cache);
    const rows = validated.trained_rows - excludedRows.length;
    if (rows === 0) {
      await this.o.datasets.toFailed(id, 'every row that could be trained is quarantined');
      return null;
    }
    const start = decideStart(
      cursor,
      { contentHash: validated.content_hash, cache, excludedRows },
      config,
    );
    const all = plannedSteps(rows, config);
    const before = stepsBefore(start.position, rows, config);
    const pass: PassFile = {
      format: 1,
      pass: `p-${Math.round(this.o.clock.now()).toString(36)}-${this.o.random()}`,
      dataset: id,
      config,
      planned_steps: all - before,
      steps_before: before,
      content_hash: validated.content_hash,
      cache,
      base: { id: base.id, folder: base.folder, hash: base.hash },
      head_step: (await this.o.checkpoints.newest())?.step ?? null,
      start,
      excluded_rows: [...excludedRows],
      started: this.o.clock.now(),
      state: 'open',
      reason: null,
    };
    await writePass(dataset.folder, pass);
    await this.o.estimate.begin({
      pass: pass.pass,
      dataset: id,
      config,
      steps: pass.planned_steps,
    });
    await this.o.datasets.toProcessing(id);
    await this.o.datasets.note(id, {
      done_steps: before,
      validation_before: null,
      validation_after: null,
    });
    this.o.journal.write({
      what: 'queue.begin',
      text: `${dataset.name}: ${pass.planned_steps} steps begin.${excludedRows.length === 0 ? '' : ` Rows left out (quarantined): ${excludedRows.length}.`}`,
      step: pass.head_step,
      dataset: id,
      evidence: { pass: pass.pass, start, excluded_rows: excludedRows },
    });
    return this.reopen({ dataset, pass: pass });
  }

  /** The configuration of the pass is locked from here on. */
  reopen(open: OpenPass): OpenPass {
    this.o.config.openPass({
      id: open.pass.pass,
      dataset: open.dataset.name,
      config: open.pass.config,
    });
    return open;
  }

  request({ dataset, pass }: OpenPass, headStep: number | null): PassRequest {
    return {
      pass: { id: pass.pass, plannedSteps: pass.planned_steps },
      dataset: {
        id: dataset.id,
        folder: dataset.folder,
        name: dataset.name,
        contentHash: pass.content_hash,
        cache: path.join(dataset.folder, 'cache', pass.cache),
        excludedRows: pass.excluded_rows,
      },
      config: pass.config,
      base: pass.base,
      lineage: { branch: this.o.lineage.branch(), headStep },
      core: this.o.paths.validationCore,
      start: pass.start,
    };
  }

  /** Planned = done, then version, then pass.json, then the rename. */
  async complete(
    { dataset, pass }: OpenPass,
    outcome: Exclude<PassOutcome, { kind: 'gave_up' }>,
  ): Promise<Closed> {
    const done = outcome.stepsDone ?? 0;
    const short = decideCompletion({ planned: pass.planned_steps, done });
    if (short !== null) {
      await this.fail({ dataset, pass }, short, done);
      return { kind: 'failed', reason: short };
    }
    // The curves are read from the files at their own pace; the last evaluation may be a moment away.
    await this.o.metrics.settled;
    for (
      let turn = 0;
      turn < 20 && this.o.metrics.latest().evaluation?.step !== outcome.step;
      turn += 1
    )
      await this.o.clock.sleep(0.05);
    const latest = this.o.metrics.latest();
    const { evaluation } = latest;
    const after = evaluation?.slice_loss ?? evaluation?.core_loss ?? null;
    let version: Version | null = null;
    try {
      version = await this.o.versions.create({
        pass: pass.pass,
        dataset: { id: dataset.id, name: dataset.name },
        step: outcome.step,
        stepsDone: done,
        ...measuredBy(evaluation),
        trainingLoss: latest.smoothed,
        config: pass.config,
      });
      this.o.metrics.mark({
        kind: 'version',
        step: version.step,
        t: version.created,
        until: null,
        label: version.name,
      });
    } catch (error) {
      // The trained weights are in the checkpoint; a version that could not be made does not untrain the dataset.
      this.tell(
        dataset,
        `No version could be made after ${dataset.name}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    await writePass(dataset.folder, { ...pass, state: 'completed' });
    await this.o.datasets.toCompleted(dataset.id, {
      done_steps: pass.steps_before + done,
      ...(after === null ? {} : { validation_after: after }),
    });
    await removeCursor(dataset.folder);
    this.o.config.openPass(null);
    this.o.journal.write({
      what: 'queue.completed',
      text: `${dataset.name} is completed: ${done} of ${pass.planned_steps} steps.`,
      step: outcome.step,
      dataset: dataset.id,
      evidence: { version: version?.name ?? null },
    });
    await this.o.estimate.settle(dataset, pass.pass);
    return { kind: 'completed', version };
  }

  async fail({ dataset, pass }: OpenPass, reason: string, done: number | null): Promise<void> {
    await writePass(dataset.folder, { ...pass, state: 'failed', reason });
    await this.o.datasets.toFailed(
      dataset.id,
      reason,
      done === null ? {} : { done_steps: pass.steps_before + done },
    );
    this.o.config.openPass(null);
  }

  /** To the front of its priority; the next pass leaves out what is quarantined by now. */
  async again({ dataset, pass }: OpenPass, reason: string): Promise<void> {
    await writePass(dataset.folder, { ...pass, state: 'again', reason });
    await this.o.datasets.toQueue(dataset.id, dataset.priority, {
      before: this.first(dataset),
      judgeAgain: false,
    });
    this.o.config.openPass(null);
    this.tell(dataset, reason);
  }

  /** Without a live trainer nobody wrote the cursor: the newest checkpoint of this pass is where it can be continued. */
  async skip({ dataset, pass }: OpenPass, done: number | null): Promise<void> {
    if (done === null) {
      const cursor = (await this.o.checkpoints.newest())?.manifest.cursor ?? null;
      if (cursor?.pass === pass.pass)
        await writeCursor(dataset.folder, {
          format: 1,
          position: cursor.position,
          epoch: cursor.epoch,
          seed: cursor.seed,
          content_hash: cursor.content_hash,
          cache: pass.cache,
          excluded_rows: pass.excluded_rows,
          pass: pass.pass,
          step: (await this.o.checkpoints.newest())?.step ?? 0,
        });
    }
    const reason = 'skipped by you; queued again, it continues where it was';
    await writePass(dataset.folder, { ...pass, state: 'skipped', reason });
    await this.o.datasets.toSkipped(
      dataset.id,
      reason,
      done === null ? {} : { done_steps: pass.steps_before + done },
    );
    this.o.config.openPass(null);
    this.tell(dataset, `${dataset.name} was skipped; its rest lies in queue/skipped.`);
  }

  /** The one that waits first where this one would wait. */
  first(dataset: Pick<PassDataset, 'id' | 'priority'>): string | null {
    const waiting = this.o.datasets.queued().filter((entry) => entry.priority === dataset.priority);
    return waiting.find((entry) => entry.id !== dataset.id)?.id ?? null;
  }

  private async hasCache(dataset: PassDataset, pass: PassFile): Promise<boolean> {
    if (pass.state !== 'open') return true;
    return access(path.join(dataset.folder, 'cache', pass.cache, 'cache.json')).then(
      () => true,
      () => false,
    );
  }

  private tell(dataset: PassDataset, text: string): void {
    this.o.journal.write({ what: 'queue.pass', text, dataset: dataset.id });
  }
}

/** Steps before a position (rows consumed over all epochs); the last step of an epoch may be a short one. */
export function stepsBefore(
  position: number,
  trainedRows: number,
  config: { readonly batch_size: number; readonly gradient_accumulation: number },
): number {
  const batch = config.batch_size * config.gradient_accumulation;
  const epochs = Math.floor(position / trainedRows);
  const inside = position - epochs * trainedRows;
  return epochs * Math.ceil(trainedRows / batch) + Math.ceil(inside / batch);
}
