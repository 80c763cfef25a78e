/**
 * The faults that a drill causes for real, and what has to hold afterwards. Each exercise resolves to
 * one sentence about what was measured, or throws Unexpected.
 */
import { openSync, writeSync, closeSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { count, plural } from '../../contract/format.ts';
import type { DrillExerciseId, TrainingStatus } from '../../contract/index.ts';
import { BY_DRILL, type DrillRun, seconds, Unexpected } from './drill-run.ts';

export interface Exercise {
  readonly id: DrillExerciseId;
  /** Why it can't run here; null: it can. */
  readonly cannotRun?: (run: DrillRun) => string | null;
  readonly carryOut: (run: DrillRun) => Promise<string>;
}

const SAVE_STEPS = 10;
const AHEAD = 3;

function pidOf(status: TrainingStatus): number {
  const { pid } = status.trainer;
  if (pid === null) throw new Unexpected('The status names no process of the trainer.');
  return pid;
}

/** Waits for another trainer than `pid` and for new steps; returns how long it took and what was repeated. */
async function recovered(
  run: DrillRun,
  before: TrainingStatus,
  limit: number,
): Promise<{ readonly took: number; readonly repeated: number }> {
  const began = run.session.now();
  const step = before.current_step ?? 0;
  const saved = before.last_checkpoint_step ?? 0;
  const pid = pidOf(before);
  const again = await run.until('Training again', limit, async () => {
    const now = await run.status();
    return now.state === 'training' && now.trainer.pid !== pid && now.current_step !== null
      ? now
      : null;
  });
  const took = run.session.now() - began;
  await run.trained(step + 1);
  if ((again.last_checkpoint_step ?? 0) < saved)
    throw new Unexpected(`The checkpoint of step ${count(saved)} is gone.`);
  const repeated = Math.max(0, step - (again.last_checkpoint_step ?? saved));
  if (repeated > SAVE_STEPS + AHEAD)
    throw new Unexpected(`${plural(repeated, 'step')} had to be trained again.`);
  return { took, repeated };
}

async function killTrainer(run: DrillRun): Promise<string> {
  const before = await run.pastCheckpoint(AHEAD);
  process.kill(pidOf(before), 'SIGKILL');
  const { took, repeated } = await recovered(run, before, 120);
  return `Training again after ${seconds(took)}, ${plural(repeated, 'step')} repeated.`;
}

async function hangTrainer(run: DrillRun): Promise<string> {
  const before = await run.pastCheckpoint(AHEAD);
  process.kill(pidOf(before), 'SIGSTOP');
  const { took, repeated } = await recovered(run, before, 240);
  return `The trainer was replaced; training again after ${seconds(took)}, ${plural(repeated, 'step')} repeated.`;
}

async function killEngine(run: DrillRun): Promise<string> {
  const before = await run.pastCheckpoint(AHEAD);
  await run.killEngine();
  const began = run.session.now();
  await run.startEngine();
  await run.trained((before.current_step ?? 0) + 1);
  const after = await run.status();
  const same = after.trainer.pid === before.trainer.pid;
  const how = same ? 'The trainer kept training meanwhile' : 'A new trainer continued';
  return `${how}; the engine was back after ${seconds(run.session.now() - began)}.`;
}

/** Writes until the file system is full. */
function fill(file: string): void {
  const target = openSync(file, 'w', 0o600);
  try {
    for (let size = 1 << 20; size > 0; size >>= 1) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(target, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(target);
  }
}

async function fillDisk(run: DrillRun): Promise<string> {
  const before = await run.pastCheckpoint(1);
  const filler = path.join(run.session.workspace, 'filler');
  try {
    fill(filler);
    await run.until('A save that fails', 180, async () => (await run.status()).unsaved !== null);
    const full = await run.status();
    await run.trained((full.current_step ?? 0) + SAVE_STEPS);
  } finally {
    await rm(filler, { force: true });
  }
  const began = run.session.now();
  const saved = await run.until('A checkpoint after space is free again', 60, async () => {
    const now = await run.status();
    const step = now.last_checkpoint_step ?? 0;
    return now.unsaved === null && step > (before.last_checkpoint_step ?? 0) ? step : null;
  });
  return `Training continued on the full disk; step ${count(saved)} was saved ${seconds(run.session.now() - began)} after space was free again.`;
}

async function flipByte(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, size - 7);
    byte.writeUInt8(byte.readUInt8(0) ^ 1, 0);
    await handle.write(byte, 0, 1, size - 7);
  } finally {
    await handle.close();
  }
}

async function damageCheckpoint(run: DrillRun): Promise<string> {
  await run.pastCheckpoint(AHEAD);
  await run.stopTraining();
  const { branch, last_checkpoint_step: step } = await run.status();
  const folder = await run.newestCheckpoint(branch ?? 'main');
  await flipByte(path.join(folder, 'optimizer.safetensors'));
  const checks = await run.client.health.run();
  const found = checks.find((check) => check.id === 'checkpoint');
  if (found === undefined || found.state === 'ok')
    throw new Unexpected(`Health did not notice a flipped byte in ${folder}.`);
  await run.client.training.resume({ by: BY_DRILL });
  await run.until('A checkpoint after the damaged one', 180, async () => {
    const now = await run.status();
    return (now.last_checkpoint_step ?? 0) > (step ?? 0) && now.state === 'training';
  });
  return 'Health named the damaged file; training resumed from the checkpoint before it.';
}

async function restore(run: DrillRun): Promise<string> {
  const version = await run.client.versions.create({ description: 'drill', by: BY_DRILL });
  const { ok } = await run.client.versions.verify({ name: version.name });
  if (!ok) throw new Unexpected(`${version.name} does not match its hashes.`);
  const before = await run.trained(version.step + SAVE_STEPS);
  const source = { kind: 'version', name: version.name } as const;
  const plan = await run.client.restore.plan({ source });
  const began = run.session.now();
  const result = await run.client.restore.carryOut({
    source,
    plan: plan.id,
    undone: 'queue',
    by: BY_DRILL,
  });
  const took = run.session.now() - began;
  const after = await run.trained(version.step + 1);
  if (after.branch === before.branch)
    throw new Unexpected(`Training continues on ${after.branch ?? 'no branch'} after the restore.`);
  return `${version.name} was restored in ${seconds(took)} on ${result.branch}, after a verified backup; training continues there.`;
}

/** Ends the drill: the rest of the dataset is skipped, so that its account is final. */
async function account(run: DrillRun): Promise<string> {
  const { current_dataset: dataset } = await run.status();
  if (dataset === null) throw new Unexpected('No dataset is being trained.');
  await run.client.training.skip({ by: BY_DRILL });
  const rows = await run.until('The account of the dataset', 60, async () => {
    const { account: found, summary } = await run.client.datasets.get({ id: dataset.id });
    return summary.place === 'skipped' ? found : null;
  });
  const times = Object.keys(rows.trained).map(Number);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  if (times.length === 0 || most - least > 1)
    throw new Unexpected(`Rows were trained ${String(least)} to ${String(most)} times.`);
  const total = Object.values(rows.trained).reduce((sum, some) => sum + some, 0);
  return `${plural(total, 'row')}, each trained ${least === most ? '' : `${count(least)} or `}${plural(most, 'time')}: none twice in an epoch.`;
}

/** In the order in which they run. */
export const EXERCISES: readonly Exercise[] = [
  { id: 'kill-trainer', carryOut: killTrainer },
  { id: 'kill-engine', carryOut: killEngine },
  {
    id: 'full-disk',
    cannotRun: (run) =>
      run.isDiskSmall ? null : 'needs a small file system of its own (Linux user namespaces)',
    carryOut: fillDisk,
  },
  { id: 'damaged-checkpoint', carryOut: damageCheckpoint },
  { id: 'restore', carryOut: restore },
  {
    id: 'hang-trainer',
    cannotRun: () => (process.platform === 'win32' ? 'needs POSIX signals' : null),
    carryOut: hangTrainer,
  },
  { id: 'account', carryOut: account },
];
