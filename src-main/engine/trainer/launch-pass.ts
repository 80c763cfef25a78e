/** Starts a run of a pass, or finds the run that an earlier engine started. */
import path from 'node:path';
import { exitFile, readOrNull, specFiles, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { signalGroup } from '../../kit/identity.ts';
import type { SupervisorContext } from './context.ts';
import { createRunFolder, launch } from './launch.ts';
import { liveSettingsOf } from './live-settings.ts';
import { findTrainer, writeProcessFile } from './run-files.ts';
import { requestOf, trainSpec } from './spec.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { PassRequest } from './types.ts';
import { WatchedRun } from './watched-run.ts';

/** Throws when the interpreter can't be started. */
export async function launchPass(
  context: SupervisorContext,
  pass: SupervisedPass,
): Promise<WatchedRun> {
  const { paths, clock, threads } = context;
  const { request, microBatchTokens, saveSeconds } = pass;
  // This machine may have slept so long that another engine took the workspace.
  if (!(await context.ownsWorkspace())) throw new Error('another engine owns the workspace now');
  const python = await context.python();
  const { run, folder, created: now } = await createRunFolder(context, 'train');
  const machine = await context.machine.facts();
  pass.liveSettings = liveSettingsOf(context.config.values());
  const launched = await launch({
    folder,
    kind: 'train',
    python,
    spec: trainSpec({
      ...{ run, paths, request, microBatchTokens, saveSeconds, machine, threads, now },
      live: pass.liveSettings,
    }),
  });
  await writeProcessFile(folder, launched.identity);
  const processes = request.config.world_size;
  return new WatchedRun({ run, folder, ...launched, clock, processes });
}

/** A command halted the pass while this process was started: ends it, and records that. */
export async function endOvertakenRun(
  { clock, journal }: SupervisorContext,
  run: WatchedRun,
  pass: SupervisedPass,
): Promise<void> {
  const halt = pass.requestedHalt ?? 'stopped';
  signalGroup(run.identity, 'SIGKILL');
  await run.awaitExitCode();
  const { pid } = run.identity;
  const text = `Ended the trainer for ${pass.dataset.name} (pid ${pid}) while it was starting: ${halt} by a command.`;
  journal.write({
    what: 'trainer.launch',
    text,
    step: pass.savedStep,
    dataset: pass.dataset.id,
    evidence: { run: run.run, pid, attempt: pass.attempts, overtaken: halt },
  });
  await writeFormat(path.join(run.folder, 'exit.json'), exitFile, {
    outcome: halt,
    reason: text,
    t: clock.now(),
    step: null,
    position: null,
    code: 0,
    steps_done: null,
    error: null,
  });
}

/** The live trainer of the workspace, with the request it was started for; null: there is none. */
export async function findLiveRun(
  paths: WorkspacePaths,
  clock: Clock,
): Promise<{ readonly request: PassRequest; readonly run: WatchedRun } | null> {
  const found = await findTrainer(paths);
  if (found === null) return null;
  const folder = paths.run(found.run);
  const spec = await readOrNull(path.join(folder, 'spec.json'), specFiles.train);
  const request = spec === null ? null : requestOf(spec, paths);
  if (request === null) return null;
  const identity = { pid: found.pid, start: found.start };
  const processes = request.config.world_size;
  const run = new WatchedRun({ run: found.run, folder, identity, child: null, clock, processes });
  return { request, run };
}
