/** A pass is closed by several writes: whichever of them a crash comes before, the next start goes on right. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import type { DatasetsRoom } from '../../src-main/engine/datasets/index.ts';
import { Outcomes } from '../../src-main/engine/queue/outcomes.ts';
import { type PassFile, writePass } from '../../src-main/engine/queue/pass-files.ts';
import type { PassOptions } from '../../src-main/engine/queue/pass-options.ts';
import { repairPasses } from '../../src-main/engine/queue/pass-repair.ts';
import { Passes } from '../../src-main/engine/queue/passes.ts';
import type { QueueParts } from '../../src-main/engine/queue/queue-progress.ts';
import { Emitter } from '../../src-main/kit/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const pass: PassFile = {
  ...{ format: 1, pass: 'p-1', dataset: 'd-1', config: factoryConfig, planned_steps: 10 },
  ...{ steps_before: 0, content_hash: 'h', cache: 'k', base: { id: 'starter', hash: 'b' } },
  ...{ head_step: null, start: { position: 0, epoch: 0 }, excluded_rows: [], started: 1 },
  ...{ state: 'open', reason: null },
};

/** The changes of datasets that are still made before the crash. */
function createParts(folder: string, writes: number) {
  const dataset = { id: 'd-1', name: 'a.jsonl', folder, priority: 'normal', place: 'processing' };
  const meta = { quarantined: [] as readonly number[] };
  let left = writes;
  const write = (changes: object, place = dataset.place): Promise<void> => {
    left -= 1;
    if (left < 0) return Promise.reject(new Error('the engine is gone'));
    Object.assign(meta, changes);
    dataset.place = place;
    return Promise.resolve();
  };
  const datasets = {
    processing: () => (dataset.place === 'processing' ? [dataset] : []),
    queued: () => [],
    summary: () => dataset,
    meta: () => meta,
    note: (_: string, changes: object) => write(changes),
    toQueue: () => write({}, 'queue'),
    toFailed: (_: string, _reason: string, changes: object = {}) => write(changes, 'failed'),
    lastStep: () => Promise.resolve(null),
  } as unknown as DatasetsRoom;
  const options = {
    datasets,
    clock: new ManualClock(1),
    checkpoints: { newest: () => Promise.resolve(null) },
    config: { openPass: () => undefined },
    journal: { write: () => undefined },
    failed: () => undefined,
    onRecovered: () => undefined,
  } as unknown as PassOptions;
  const passes = new Passes(options);
  const parts = {
    ...{ options, passes, news: new Emitter(), notifyChanged: () => undefined },
    progress: { open: { dataset, pass }, isSupervising: true },
  } as unknown as QueueParts;
  return {
    ...{ dataset, meta, datasets, passes, outcomes: new Outcomes(parts) },
    restart: () => {
      left = Infinity;
    },
  };
}

test.each([0, 1, 2, 3, 4])(
  'a crash after %i writes never makes the first failure of rows look like the second',
  async (writes) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-closing-'));
    mkdirSync(path.join(folder, 'cache/k'), { recursive: true });
    writeFileSync(path.join(folder, 'cache/k/cache.json'), '{}');
    await writePass(folder, pass);
    const engine = createParts(folder, writes);
    const failure = { category: 'template_error', message: 'bad', infrastructure: false, step: 5 };
    await engine.outcomes
      .settle({ kind: 'gave_up', ...failure, rows: [7, 8] })
      .catch(() => undefined);
    engine.restart();
    const open = await repairPasses(engine.datasets, engine.passes);
    if (open === null) expect(engine.dataset.place).toBe('queue');
    // It trains these rows again, fails again, and then continues without them.
    else expect(engine.meta.quarantined).toEqual([]);
    if (writes === 4) expect(engine.meta.quarantined).toEqual([7, 8]);
    rmSync(folder, { recursive: true });
  },
);
