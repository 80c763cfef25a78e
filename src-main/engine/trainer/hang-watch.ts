/** Compares a run's heartbeat with the limits, asks for a stack trace, and kills a hung trainer. */
import { duration } from '../../contract/format.ts';
import { type Identity, isAlive, signalGroup } from '../../kit/identity.ts';
import { decideHang } from './hang-rules.ts';
import { readLogEnd } from './run-files.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { SupervisorContext } from './context.ts';
import type { WatchedRun } from './watched-run.ts';

const MIN_SUSPECT_SECONDS = 10;
const MIN_KILL_SECONDS = 60;
/** A heartbeat this young clears the suspicion. */
const FRESH_SECONDS = 1;
/** Until faulthandler has written every thread's stack. */
const STACK_SECONDS = 0.5;
const STACK_CHARACTERS = 4000;

export async function watchForHang(
  context: SupervisorContext,
  run: WatchedRun,
  pass: SupervisedPass,
): Promise<void> {
  // A rank that hangs while the others wait for it is found by its own heartbeat.
  const rank = run.oldest;
  if (pass.isHangSuspected && rank.age < FRESH_SECONDS) pass.isHangSuspected = false;
  const { hang } = context.config.values();
  const { phase, age } = rank;
  const verdict = decideHang(
    { phase, age, intervals: rank.intervalsOf(phase) },
    {
      trainMinutes: hang.train_minutes,
      evalMinutes: hang.eval_minutes,
      learned: hang.learned,
      minSuspectSeconds: context.minSuspectSeconds ?? MIN_SUSPECT_SECONDS,
      minKillSeconds: context.minKillSeconds ?? MIN_KILL_SECONDS,
    },
  );
  if (verdict === 'alive') return;
  const facts = { phase, age_s: age };
  if (!pass.isHangSuspected) {
    pass.isHangSuspected = true;
    requestStackTrace(rank.latest);
    context.emit(run, { type: 'hang_suspected', t: context.clock.now(), ...facts });
  }
  if (verdict !== 'kill' || pass.isHangKilled) return;
  pass.isHangKilled = true;
  await context.clock.sleep(STACK_SECONDS);
  const stack = (await readLogEnd(run.folder)).slice(-STACK_CHARACTERS);
  context.emit(run, { type: 'hang_killed', t: context.clock.now(), ...facts, stack });
  context.journal.write({
    what: 'trainer.hang',
    text: `No heartbeat${run.ranks.length === 1 ? '' : ` of rank ${String(rank.rank)}`} for ${duration(age)} (phase ${phase}). Killing the trainer and restarting it.`,
    step: run.heartbeat?.step ?? null,
    dataset: pass.dataset.id,
    evidence: { ...facts, run: run.run, rank: rank.rank },
  });
  signalGroup(run.identity, 'SIGKILL');
}

/**
 * faulthandler then writes the stack of every thread to the log. Only the process that wrote the
 * heartbeat has the handler: the signal would kill a launcher, or a process that is still loading.
 */
function requestStackTrace(identity: Identity | null): void {
  if (identity === null || !isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGUSR1');
  } catch {
    // It ended in this moment; the next check settles the run.
  }
}
