/** Starts a run of a pass, or finds the run that an earlier engine started. */
import path from 'node:path';
import { readOrNull, runId, specFiles } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import type { SupervisorContext } from './context.ts';
import { launch } from './launch.ts';
import { findTrainer, writeProcessFile } from './run-files.ts';
import { launcherOf, requestOf, trainSpec } from './spec.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { PassRequest } from './types.ts';
import { WatchedRun } from './watched-run.ts';

/** Throws when the interpreter can't be started. */
export async function launchPass(
  context: SupervisorContext,
  pass: SupervisedPass,
): Promise<WatchedRun> {
  const { paths, clock, threads } = context;
  const { request, microBatch } = pass;
  // This machine may have slept so long that another engine took the workspace.
  if (!(await context.ownsWorkspace())) throw new Error('another engine owns the workspace now');
  const python = await context.python();
  const now = clock.now();
  const run = runId('train', now, context.random());
  const folder = paths.run(run);
  const machine = await context.machine.facts();
  const launched = await launch({
    folder,
    kind: 'train',
    python,
    launcher: launcherOf(request.config),
    spec: trainSpec({ run, paths, request, microBatch, machine, threads, now }),
  });
  await writeProcessFile(folder, launched.identity);
  return new WatchedRun({ run, folder, ...launched, clock });
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
  return { request, run: new WatchedRun({ run: found.run, folder, identity, child: null, clock }) };
}
