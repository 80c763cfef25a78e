/**
 * `nightshift drill`: causes the faults that Nightshift promises to survive, for real, in a temporary
 * workspace with the starter model, and reports what was measured. Your workspace isn't touched.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { DrillReport, DrillResult } from '../../contract/index.ts';
import { workspacePaths } from '../../formats/workspace.ts';
import type { Run } from '../program.ts';
import { exitCode, show, type ExitCode, type Session } from '../session.ts';
import { DrillRun } from './drill-run.ts';
import { EXERCISES, type Exercise } from './exercises.ts';
import { reportText, resultText, titleOf } from './report.ts';
import { canMount, runOnSmallDisk, SMALL_DISK } from './small-disk.ts';

/** Long enough that training outlasts every exercise. */
const ROWS = 400;
const CONFIG = {
  format: 1,
  device: 'cpu',
  precision: 'fp32',
  batch_size: 8,
  epochs: 400,
  learning_rate: 1e-3,
  max_length: 128,
  save_steps: 10,
  eval_steps: 100_000,
  preview_steps: 100_000,
  generate_samples: 4,
  eval_max_new_tokens: 16,
  disk: { min_free_gb: 0 },
  hang: { train_minutes: 1, eval_minutes: 1 },
  monitor: { memory_port: 0 },
  watchdog: { backoff_first_seconds: 0.2 },
};

export function addDrillCommand(program: Command, run: Run): void {
  program
    .command('drill')
    .description(
      'Cause kills, a hang, a full disk and damage in a temporary workspace and report what happens; about 3 minutes',
    )
    .option('--keep', 'keep the temporary workspace (on Linux only without a small disk)', false)
    .action((options: { keep: boolean }) => run((session) => drill(session, options.keep)));
}

async function drill(session: Session, isKept: boolean): Promise<ExitCode> {
  const inherited = process.env[SMALL_DISK];
  if (inherited !== undefined) return inFolder(session, inherited, true);
  const folder = await mkdtemp(path.join(tmpdir(), 'nightshift-drill-'));
  try {
    if (!isKept && canMount(folder))
      return (await runOnSmallDisk(folder, session.signal)) as ExitCode;
    return await inFolder(session, folder, false);
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function inFolder(caller: Session, folder: string, isDiskSmall: boolean): Promise<ExitCode> {
  const workspace = path.join(folder, 'workspace');
  await mkdir(workspace);
  const session: Session = { ...caller, workspace, paths: workspacePaths(workspace) };
  const run = new DrillRun(session, isDiskSmall);
  const began = session.now();
  const results: DrillResult[] = [];
  const doing = (text: string): void => {
    if (caller.terminal.interactive) caller.terminal.progress(text);
  };
  try {
    doing('Setting up a starter model and a dataset …');
    await prepare(run);
    for (const exercise of EXERCISES) {
      doing(`${titleOf(exercise.id)} …`);
      const result = await attempt(run, exercise);
      results.push(result);
      doing('');
      show(caller, result, () => resultText(result));
      // What comes after a failed exercise would be measured on a broken workspace.
      if (result.outcome === 'failed') break;
    }
  } finally {
    await run.end();
  }
  const hasPassed = results.every((result) => result.outcome !== 'failed');
  const report: DrillReport = {
    format: 1,
    passed: hasPassed,
    seconds: session.now() - began,
    exercises: results,
  };
  show(caller, report, () => reportText(report));
  return hasPassed ? exitCode.ok : exitCode.failure;
}

/** The starter model, and rows that take longer than the drill. */
async function prepare(run: DrillRun): Promise<void> {
  const { workspace, paths } = run.session;
  await writeFile(paths.config, JSON.stringify(CONFIG));
  await run.startEngine();
  await run.client.setup.choose({ base: 'starter', folder: null });
  await run.until('The starter model', 120, async () => {
    const { bases } = await run.client.setup.get();
    return bases.some((base) => base.state === 'ready');
  });
  const file = path.join(workspace, 'additions.jsonl');
  const rows = Array.from({ length: ROWS }, (_, at) =>
    JSON.stringify({ question: `What is ${String(at)} + 7?`, answer: String(at + 7) }),
  );
  await writeFile(file, `${rows.join('\n')}\n`);
  await run.client.queue.add({ paths: [file], priority: 'normal' });
  await run.trained(1, 120);
}

async function attempt(run: DrillRun, exercise: Exercise): Promise<DrillResult> {
  const { id } = exercise;
  const reason = exercise.cannotRun?.(run) ?? null;
  if (reason !== null) return { id, outcome: 'skipped', seconds: 0, text: `Not run: ${reason}.` };
  const began = run.session.now();
  const ended = (outcome: 'passed' | 'failed', text: string): DrillResult => ({
    ...{ id, outcome, text },
    seconds: run.session.now() - began,
  });
  try {
    return ended('passed', await exercise.carryOut(run));
  } catch (error) {
    if (run.session.signal.aborted) throw error;
    return ended('failed', error instanceof Error ? error.message : String(error));
  }
}
