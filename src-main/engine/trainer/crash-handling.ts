/** A trainer that ended without an outcome: why, what follows, and the journal's lines about it. */
import { duration, plural } from '../../contract/format.ts';
import { blamesDataset, type Crash, crashTable } from '../../contract/index.ts';
import type { EventOf, Exit } from '../../formats/index.ts';
import { classifyCrash } from './classify-crash.ts';
import type { SupervisorContext } from './context.ts';
import { launchCategory } from './launch.ts';
import { type AfterExit, decideAfterExit, isKill, type RestartRules } from './restart-rules.ts';
import { readKernelLog, readLogEnd } from './run-files.ts';
import { halveMicroBatch } from './spec.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { Halt, PassOutcome } from './types.ts';
import type { WatchedRun } from './watched-run.ts';

export type NextStep =
  | { readonly kind: 'halt'; readonly halt: Halt }
  | { readonly kind: 'restart'; readonly inSeconds: number }
  | { readonly kind: 'give_up'; readonly outcome: PassOutcome };

type GaveUp = Extract<PassOutcome, { kind: 'gave_up' }>;
type FoundCrash = Crash & { readonly message: string };

/** Classifies the crash, writes it down, and prepares the pass for what follows. */
export async function handleCrash(
  context: SupervisorContext,
  run: WatchedRun,
  pass: SupervisedPass,
  exit: Exit | null,
): Promise<NextStep> {
  if (exit?.error?.category === 'device_busy')
    return pass.requestedHalt === null
      ? { kind: 'give_up', outcome: busyOutcome(pass, exit.error.message) }
      : { kind: 'halt', halt: pass.requestedHalt };
  await run.awaitExitCode();
  const crash = await classify(run, pass, exit);
  if (blamesDataset(crash.category))
    pass.failedPositions.push(exit?.position ?? run.heartbeat?.position ?? null);
  const rules = restartRules(context);
  const after = decideAfterExit(
    crash,
    {
      attempts: isKill(crash) ? pass.kills : pass.attempts,
      failedPositions: pass.failedPositions,
      healthySeconds: context.clock.now() - run.startedAt,
    },
    rules,
  );
  const halt = pass.requestedHalt ?? (run.heartbeat?.phase === 'paused' ? 'paused' : null);
  const attempt = after.kind === 'restart' ? after.attempt : pass.attempts;
  const limit = isKill(crash) ? null : rules.limit;
  const rows = exit?.error?.rows ?? [];
  context.emit(run, {
    type: 'crashed',
    t: context.clock.now(),
    category: crash.category,
    message: crash.message,
    resumes_from: pass.savedStep,
    attempt,
    rows,
  });
  context.journal.write({
    what: 'trainer.crashed',
    text: `${capital(crash.message)}. ${nextStepText(crash, halt, after, pass.savedStep, limit)}`,
    step: run.heartbeat?.step ?? null,
    dataset: pass.dataset.id,
    evidence: {
      category: crash.category,
      message: crash.message,
      exit_code: run.exitCode,
      signal: run.signal,
      run: run.run,
      rows,
      traceback: exit?.error?.traceback ?? null,
    },
  });
  // A crash doesn't cancel what the user asked for; the newest checkpoint keeps the position.
  if (halt !== null) return { kind: 'halt', halt };
  if (after.kind === 'give_up')
    return { kind: 'give_up', outcome: giveUp(crash, pass, after.infrastructure, rows) };
  if (isKill(crash)) {
    pass.kills = after.attempt;
    pass.saveEarlier(context.clock.now());
  } else pass.attempts = after.attempt;
  if (crash.category.startsWith('gpu_out_of_memory'))
    pass.microBatchTokens = halveMicroBatch(pass.microBatchTokens);
  pass.recovery = { crash, since: pass.recovery?.since ?? context.clock.now(), attempt, limit };
  return { kind: 'restart', inSeconds: after.inSeconds };
}

/** Another trainer has the device: not a crash, and no attempt of this pass. */
export const busyOutcome = (pass: SupervisedPass, message: string): GaveUp => ({
  kind: 'gave_up',
  category: 'device_busy',
  message,
  infrastructure: true,
  step: pass.savedStep,
  rows: [],
});

/** The process couldn't be started: a failure of the machine. */
export const launchFailure = (pass: SupervisedPass, error: unknown): PassOutcome => ({
  ...busyOutcome(pass, error instanceof Error ? error.message : String(error)),
  category: launchCategory(error),
});

/** Training resumed after a crash. */
export function reportRestart(
  context: SupervisorContext,
  run: WatchedRun,
  pass: SupervisedPass,
  event: EventOf<'resumed'>,
): void {
  if (pass.recovery === null) return;
  const { crash, since } = pass.recovery;
  const seconds = context.clock.now() - since;
  const { step, lost_steps } = event;
  context.emit(run, {
    type: 'restarted',
    t: context.clock.now(),
    seconds,
    step,
    lost_steps,
    cause: crash.meaning,
    category: crash.category,
  });
  const lost = lost_steps === 0 ? 'no step was lost' : `${plural(lost_steps, 'step')} lost`;
  context.journal.write({
    what: 'trainer.restarted',
    text: `Resumed from step ${step} after ${duration(seconds)}; ${lost}.`,
    step,
    dataset: pass.dataset.id,
    evidence: { category: crash.category, lost_steps },
  });
  pass.recovery = null;
}

async function classify(
  run: WatchedRun,
  pass: SupervisedPass,
  exit: Exit | null,
): Promise<FoundCrash> {
  const hang = crashTable.get('hang');
  if (pass.isHangSuspected && exit === null && hang !== undefined)
    return { ...hang, message: hang.meaning };
  return classifyCrash({
    exitCode: run.exitCode,
    signal: run.signal,
    error: exit?.error ?? null,
    log: await readLogEnd(run.folder),
    kernel: await readKernelLog(run.identity.pid),
  });
}

function restartRules({ config }: SupervisorContext): RestartRules {
  const { watchdog } = config.values();
  return {
    limit: watchdog.restart_limit,
    firstSeconds: watchdog.backoff_first_seconds,
    lastSeconds: watchdog.backoff_last_seconds,
  };
}

const giveUp = (
  crash: FoundCrash,
  pass: SupervisedPass,
  infrastructure: boolean,
  rows: readonly number[],
): PassOutcome => ({
  kind: 'gave_up',
  category: crash.category,
  message: infrastructure
    ? `${crash.message}. ${crash.suggestion}`
    : `${crash.message}. Failed after ${plural(pass.attempts + 1, 'attempt')}.`,
  infrastructure,
  step: pass.savedStep,
  rows,
});

function nextStepText(
  crash: Crash,
  halt: Halt | null,
  after: AfterExit,
  savedStep: number,
  limit: number | null,
): string {
  const checkpoint = savedStep === 0 ? 'the start' : `checkpoint ${savedStep}`;
  if (halt !== null)
    return `Not restarting because training is ${halt}; it resumes from ${checkpoint}.`;
  if (after.kind === 'give_up') return crash.suggestion;
  const delay = duration(after.inSeconds);
  const of = limit === null ? '' : ` of ${limit}`;
  return `Restarting from ${checkpoint} in ${delay} (attempt ${after.attempt}${of}).`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
