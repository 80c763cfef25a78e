/** The trainer as other rooms and the window see it. */
import type { SupervisorContext } from './context.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { HeartbeatView, TrainerView } from './types.ts';
import type { WatchedRun } from './watched-run.ts';

export function trainerView(
  context: SupervisorContext,
  pass: SupervisedPass | null,
  run: WatchedRun | null,
): TrainerView {
  const pending = run?.pending ?? null;
  return {
    run: run?.run ?? null,
    pid: run?.identity.pid ?? null,
    alive: run?.isAlive ?? false,
    heartbeat: heartbeatView(run, context.clock.now()),
    recovering: recoveryView(pass),
    pending: pending === null ? null : { verb: pending.verb, t: pending.t },
    requestedHalt: pass?.requestedHalt ?? null,
    device: pass?.device ?? null,
    savedStep: pass?.savedStep ?? null,
    unsaved: unsavedView(pass, run),
  };
}

function heartbeatView(run: WatchedRun | null, now: number): HeartbeatView | null {
  const heartbeat = run?.heartbeat ?? null;
  if (heartbeat === null) return null;
  const { phase, step, position, done, total, t } = heartbeat;
  const progress = done === null || total === null ? null : { done, total };
  return { phase, step, position, progress, age_s: Math.max(0, now - t) };
}

function unsavedView(pass: SupervisedPass | null, run: WatchedRun | null): TrainerView['unsaved'] {
  const failure = pass?.saveFailure ?? null;
  if (pass === null || failure === null) return null;
  return {
    // Training continues while nothing can be saved.
    step: Math.max(failure.step, run?.heartbeat?.step ?? 0),
    saved_step: pass.savedStep === 0 ? null : pass.savedStep,
    reason: failure.reason,
    free_bytes: failure.free_bytes,
    needed_bytes: failure.needed_bytes,
  };
}

function recoveryView(pass: SupervisedPass | null): TrainerView['recovering'] {
  const recovery = pass?.recovery ?? null;
  if (recovery === null) return null;
  return {
    attempt: recovery.attempt,
    limit: recovery.limit,
    cause: recovery.crash.meaning,
    category: recovery.crash.category,
  };
}
