/**
 * The pass of a dataset: opened, continued and closed. After a crash between any two operations,
 * `repairPasses` can tell from the files what is left to do.
 */
import path from 'node:path';
import type { DatasetMeta, PassDataset } from '../datasets/index.ts';
import type { PassOutcome, PassRequest } from '../trainer/index.ts';
import { type Closed, completePass } from './pass-completion.ts';
import { type PassFile, writePass } from './pass-files.ts';
import type { PassOptions } from './pass-options.ts';
import { isTrained, keepPlace, savedPlace } from './pass-place.ts';
import { readPassOrRecover } from './pass-recovery.ts';
import { startPass } from './pass-start.ts';

export interface OpenPass {
  readonly dataset: PassDataset;
  readonly pass: PassFile;
}

type Completed = Exclude<PassOutcome, { kind: 'gave_up' }>;

export class Passes {
  private readonly options: PassOptions;
  constructor(options: PassOptions) {
    this.options = options;
  }

  /**
   * Null: not now; the dataset stays where it is and is validated, or tried again later.
   * Refusals DISK_FULL, NOT_READY.
   */
  async begin(id: string): Promise<OpenPass | null> {
    const open = await startPass(this.options, id);
    return open === null ? null : this.reopen(open);
  }

  /** A damaged pass.json is replaced. Null: there is nothing to continue. */
  async read(dataset: PassDataset): Promise<PassFile | null> {
    const { pass } = await readPassOrRecover(this.options, dataset, (text) => {
      this.options.onRecovered(dataset, text);
    });
    return pass;
  }

  /** Locks the configuration of the pass. */
  reopen(open: OpenPass): OpenPass {
    const { dataset, pass } = open;
    this.options.config.openPass({ id: pass.pass, dataset: dataset.name, config: pass.config });
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
        rowOrder: pass.row_order,
      },
      config: pass.config,
      base: { ...pass.base, folder: this.options.paths.base(pass.base.id) },
      lineage: { branch: this.options.lineage.branch(), headStep },
      core: this.options.paths.validationCore,
      start: pass.start,
    };
  }

  async complete(open: OpenPass, outcome: Completed): Promise<Closed> {
    const closed = await completePass(this.options, open, outcome);
    if (closed.kind === 'failed') await this.fail(open, closed.reason);
    return closed;
  }

  /** All planned steps are trained and saved; null: some are missing. */
  async trained({ pass }: OpenPass): Promise<Completed | null> {
    const place = await savedPlace(this.options, pass);
    if (!isTrained(place, pass)) return null;
    return { kind: 'completed', step: place.step, stepsDone: place.stepsDone };
  }

  /** Steps of the pass that were saved. */
  async savedSteps({ pass }: OpenPass): Promise<number> {
    return (await savedPlace(this.options, pass))?.stepsDone ?? 0;
  }

  /** The cursor stays, so that a retry trains the rest. */
  async fail(open: OpenPass, reason: string, rows: readonly number[] = []): Promise<void> {
    const { dataset, pass } = open;
    const place = await keepPlace(this.options, open, { isSkipped: false });
    await writePass(dataset.folder, { ...pass, state: 'failed', reason });
    const quarantined = this.quarantined(dataset.id, rows);
    await this.options.datasets.toFailed(dataset.id, reason, { ...place, ...quarantined });
    this.options.config.openPass(null);
  }

  /**
   * Back to the front of its priority; the next pass continues at its place, without the rows that
   * are quarantined. The pass is closed first: an open one whose rows are quarantined already would
   * look as if it had failed a second time after a crash in between.
   */
  async again(open: OpenPass, reason: string, rows: readonly number[] = []): Promise<void> {
    const { dataset, pass } = open;
    const place = await keepPlace(this.options, open, { isSkipped: false });
    await writePass(dataset.folder, { ...pass, state: 'again', reason });
    await this.options.datasets.note(dataset.id, {
      ...place,
      ...this.quarantined(dataset.id, rows),
    });
    await this.options.datasets.toQueue(dataset.id, dataset.priority, {
      before: this.first(dataset),
      revalidate: false,
    });
    this.options.config.openPass(null);
    this.record(dataset, reason);
  }

  /** What meta.json says with these rows quarantined too. */
  private quarantined(id: string, rows: readonly number[]): Partial<DatasetMeta> {
    const meta = this.options.datasets.meta(id);
    if (meta === null || rows.length === 0) return {};
    return { quarantined: [...new Set([...meta.quarantined, ...rows])] };
  }

  async skip(open: OpenPass): Promise<void> {
    const { dataset, pass } = open;
    // The trainer wrote a cursor, unless none was running; its checkpoint says the same.
    const place = await keepPlace(this.options, open, { isSkipped: true });
    const reason = 'skipped by you; requeue it to continue where it stopped';
    await writePass(dataset.folder, { ...pass, state: 'skipped', reason });
    await this.options.datasets.toSkipped(dataset.id, reason, place);
    this.options.config.openPass(null);
    this.record(dataset, `Skipped the rest of ${dataset.name}. The file is in queue/skipped.`);
  }

  /** The first other dataset that waits in the same priority. */
  first(dataset: Pick<PassDataset, 'id' | 'priority'>): string | null {
    const first = this.options.datasets
      .queued()
      .find((queued) => queued.priority === dataset.priority && queued.id !== dataset.id);
    return first?.id ?? null;
  }

  record(dataset: PassDataset, text: string): void {
    this.options.journal.write({ what: 'queue.pass', text, dataset: dataset.id });
  }
}
