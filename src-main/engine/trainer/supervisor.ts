/** The supervision: one pass at a time is launched, watched, restarted by rule, until there is an outcome. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Crash, crashTable } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readJson } from '../../kit/files.ts';
import { type Identity, identityOf, isAlive, signalGroup } from '../../kit/identity.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import { classifyCrash } from './classify.ts';
import { decideAfterExit, type Halt, wishAfter } from './decide.ts';
import { decideHang } from './hang.ts';
import { launch, launchCategory, runName } from './launch.ts';
import { findTrainer, kernelWords, readExit, readLogEnd, rememberTrainer } from './run-files.ts';
import type {
  ExitFile,
  PassOutcome,
  PassRequest,
  PythonFacts,
  TrainerEvent,
  TrainerRoom,
  TrainerView,
} from './types.ts';
import { type DeviceFacts, halveMicroBatch, launcherOf, requestOf, trainSpec } from './spec.ts';
import { WatchedRun } from './watched-run.ts';
import { createWorkers } from './workers.ts';

const secondsBetweenLooks = 0.25;
/** A hole in the engine's own ticks as long as this means that the machine, or the engine, was asleep. */
const asleepAfter = 8;
/** Looks, a twentieth of a second apart, until a killed trainer counts as stuck in the system. */
const looksUntilStuck = 600;
const outcomes = new Set(['completed', 'paused', 'stopped', 'skipped']);

export interface TrainerOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly disk: DiskRoom;
  readonly clock: Clock;
  readonly python: () => Promise<PythonFacts>;
  readonly machine: { facts(): Promise<DeviceFacts> };
  readonly threads: number;
  /** Least seconds of silence before the learned limits suspect and kill. */
  readonly leastSuspect?: number;
  readonly leastKill?: number;
}

interface Supervision {
  readonly request: PassRequest;
  attempts: number;
  positions: (number | null)[];
  /** Newest step that a checkpoint of this pass proved. */
  savedStep: number;
  stepsDone: number | null;
  device: string | null;
  crash: {
    readonly crash: Crash & { readonly message: string };
    readonly t: number;
    attempt: number;
  } | null;
  suspected: boolean;
  /** The hang was answered; the group is on its way out. */
  hangKilled: boolean;
  /** Told to halt, and not told to go on since: when it dies on the way it is not started again. */
  wish: Halt | null;
  /** Examples in memory at once after GPU memory ran out; null: as configured. */
  microBatch: number | null;
  retry: (() => void) | null;
}

export function createTrainer(options: TrainerOptions): TrainerRoom {
  const events = new Emitter<TrainerEvent & { readonly run: string }>();
  const outcome = new Emitter<PassOutcome & { readonly pass: string; readonly dataset: string }>();
  const changed = new Emitter<void>();
  const random = (): string => randomBytes(2).toString('hex');
  const workers = createWorkers({
    paths: options.paths,
    clock: options.clock,
    python: options.python,
    random,
  });
  let supervision: Supervision | null = null;
  let watched: WatchedRun | null = null;
  let isLaunching = false;
  let isKilling = false;
  let lastTick = options.clock.monotonic();
  let lastWall = options.clock.now();
  let shown = '';

  function say(run: string, event: TrainerEvent): void {
    events.emit({ ...event, run });
  }
  function own(type: string, fields: Record<string, unknown>): void {
    say(watched?.run ?? '', { type, t: options.clock.now(), ...fields });
  }

  function end(result: PassOutcome): void {
    const ended = supervision;
    supervision = null;
    watched = null;
    if (ended === null) return;
    ended.retry?.();
    changed.emit(undefined);
    outcome.emit({ ...result, pass: ended.request.pass.id, dataset: ended.request.dataset.id });
  }

  const nothing = (kind: string): ExitFile => ({
    outcome: kind,
    reason: null,
    t: options.clock.now(),
    step: null,
    position: null,
    error: null,
  });

  /** An outcome for a pass whose trainer is not there to give it. */
  function endWithout(kind: 'paused' | 'stopped' | 'skipped'): void {
    if (supervision === null) return;
    end({
      kind,
      step: supervision.savedStep,
      stepsDone: supervision.stepsDone,
      exit: nothing(kind),
    });
  }

  function begin(request: PassRequest): Supervision {
    return {
      request,
      attempts: 0,
      positions: [],
      savedStep: request.lineage.headStep ?? 0,
      stepsDone: null,
      device: null,
      crash: null,
      suspected: false,
      hangKilled: false,
      wish: null,
      microBatch: null,
      retry: null,
    };
  }

  async function start(): Promise<void> {
    const current = supervision;
    if (current === null || watched !== null || isLaunching) return;
    isLaunching = true;
    try {
      const python = await options.python();
      const run = runName('train', options.clock.now(), random());
      const folder = options.paths.run(run);
      const launched = await launch({
        folder,
        run,
        kind: 'train',
        python,
        launcher: launcherOf(current.request.config),
        spec: trainSpec({
          run,
          paths: options.paths,
          request: current.request,
          microBatch: current.microBatch,
          machine: await options.machine.facts(),
          threads: options.threads,
          now: options.clock.now(),
        }),
      });
      const pid = launched.child.pid ?? -1;
      const identity: Identity = launched.identity ?? identityOf(pid) ?? { pid, start: 'ended' };
      await rememberTrainer(folder, identity);
      if (supervision !== current) {
        // Paused, stopped or skipped while it was being started: there is nobody to answer to.
        signalGroup(identity, 'SIGKILL');
        return;
      }
      watched = new WatchedRun({
        run,
        folder,
        child: launched.child,
        clock: options.clock,
        identity,
      });
      current.suspected = false;
      current.hangKilled = false;
      options.journal.write({
        what: 'trainer.launch',
        text: `The trainer is started for ${current.request.dataset.name} (pid ${String(pid)}).`,
        step: current.savedStep,
        dataset: current.request.dataset.id,
        evidence: { run, pid, attempt: current.attempts },
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (supervision !== current) return;
      end({
        kind: 'gave_up',
        category: launchCategory(error),
        message,
        infrastructure: true,
        step: current.savedStep,
        rows: [],
      });
    } finally {
      isLaunching = false;
      changed.emit(undefined);
      // Another pass was given while the one before was being started.
      if (supervision !== null && supervision !== current) void start();
    }
  }

  function learn(current: Supervision, event: TrainerEvent): void {
    const step = typeof event.step === 'number' ? event.step : null;
    if (event.type === 'started' && typeof event.device === 'string') current.device = event.device;
    if (event.type === 'out_of_memory' && typeof event.micro_batch_to === 'number')
      current.microBatch = event.micro_batch_to;
    if (event.type === 'memory_regained')
      current.microBatch = typeof event.micro_batch_to === 'number' ? event.micro_batch_to : null;
    if (event.type === 'finished' && typeof event.steps_done === 'number')
      current.stepsDone = event.steps_done;
    if (event.type === 'checkpoint' && step !== null && step > current.savedStep) {
      current.savedStep = step;
      // A new verified step: whatever made it restart is behind it.
      current.attempts = 0;
    }
    if (event.type === 'resumed' && current.crash !== null) {
      const { crash, t } = current.crash;
      own('restarted', {
        seconds: options.clock.now() - t,
        step,
        lost_steps: event.lost_steps ?? null,
        cause: crash.meaning,
        category: crash.category,
      });
      options.journal.write({
        what: 'trainer.restarted',
        text: `Training goes on from step ${String(step ?? 0)} after ${(options.clock.now() - t).toFixed(1)} s; ${typeof event.lost_steps === 'number' ? event.lost_steps : 'an unknown number of'} steps were lost.`,
        step,
        dataset: current.request.dataset.id,
        evidence: { category: crash.category, lost_steps: event.lost_steps ?? null },
      });
      current.crash = null;
    }
  }

  /** The process is gone: an outcome, or a crash with a rule. */
  async function settle(run: WatchedRun, current: Supervision): Promise<void> {
    for (const event of await run.readEvents()) {
      learn(current, event);
      say(run.run, event);
    }
    const exit = await readExit(run.folder);
    if (exit !== null && outcomes.has(exit.outcome)) {
      end({
        kind: exit.outcome as 'completed' | 'paused' | 'stopped' | 'skipped',
        step: exit.step ?? current.savedStep,
        stepsDone: exit.stepsDone ?? current.stepsDone,
        exit,
      });
      return;
    }
    if (isKilling) {
      endWithout('stopped');
      return;
    }
    await run.lastWord();
    const found =
      current.suspected && exit === null
        ? { ...(crashTable.get('hang') as Crash), message: 'no heartbeat came' }
        : classifyCrash({
            exitCode: run.exitCode,
            signal: run.signal,
            error: exit?.error ?? null,
            log: await readLogEnd(run.folder),
            kernel: await kernelWords(run.identity.pid),
          });
    const rows = exit?.error?.rows ?? [];
    if (found.retry === 'dataset')
      current.positions.push(exit?.position ?? run.beat?.position ?? null);
    const { watchdog } = options.config.values();
    const after = decideAfterExit(
      found,
      {
        attempts: current.attempts,
        positions: current.positions,
        healthySeconds: options.clock.now() - run.startedAt,
      },
      {
        limit: watchdog.restart_limit,
        firstSeconds: watchdog.backoff_first_seconds,
        lastSeconds: watchdog.backoff_last_seconds,
      },
    );
    const halted = current.wish ?? (run.beat?.phase === 'paused' ? 'paused' : null);
    const attempt = after.kind === 'restart' ? after.attempt : current.attempts;
    own('crashed', {
      category: found.category,
      message: found.message,
      resumes_from: current.savedStep,
      attempt,
      rows,
    });
    options.journal.write({
      what: 'trainer.crashed',
      text: `The trainer ended: ${found.message}. ${halted !== null ? `It was told to halt (${halted}), so it is not started again (saved: step ${String(current.savedStep)}).` : after.kind === 'restart' ? `Restart ${String(attempt)} of ${String(watchdog.restart_limit)} in ${String(after.inSeconds)} s, from the newest checkpoint that verifies (saved: step ${String(current.savedStep)}).` : found.suggestion}`,
      step: run.beat?.step ?? null,
      dataset: current.request.dataset.id,
      evidence: {
        category: found.category,
        message: found.message,
        exit_code: run.exitCode,
        signal: run.signal,
        run: run.run,
        rows,
        traceback: exit?.error?.traceback ?? null,
      },
    });
    if (halted !== null) {
      // A crash does not undo what the user asked for: the newest checkpoint holds the place.
      endWithout(halted);
      return;
    }
    if (after.kind === 'give_up') {
      end({
        kind: 'gave_up',
        category: found.category,
        message: after.infrastructure
          ? `${found.message}. ${found.suggestion}`
          : `${found.message}. It was tried ${String(current.attempts + 1)} times.`,
        infrastructure: after.infrastructure,
        step: current.savedStep,
        rows,
      });
      return;
    }
    watched = null;
    current.attempts = after.attempt;
    if (found.category.startsWith('gpu_out_of_memory'))
      current.microBatch = halveMicroBatch(current.microBatch, current.request.config);
    current.crash = { crash: found, t: current.crash?.t ?? options.clock.now(), attempt };
    current.retry = options.clock.after(after.inSeconds, () => {
      current.retry = null;
      void start();
    });
    changed.emit(undefined);
  }

  async function lookForHang(run: WatchedRun, current: Supervision): Promise<void> {
    const { hang } = options.config.values();
    const verdict = decideHang(
      {
        phase: run.beat?.phase ?? 'load',
        age: run.silence,
        beats: run.beatsOf(run.beat?.phase ?? 'load'),
      },
      {
        trainMinutes: hang.train_minutes,
        evalMinutes: hang.eval_minutes,
        learned: hang.learned,
        leastSuspect: options.leastSuspect ?? 10,
        leastKill: options.leastKill ?? 60,
      },
    );
    if (verdict === 'alive') return;
    const facts = { phase: run.beat?.phase ?? 'load', age_s: run.silence };
    if (!current.suspected) {
      current.suspected = true;
      // faulthandler writes every thread's stack to the log.
      askForStack(run.beat?.who ?? null);
      own('hang_suspected', facts);
    }
    if (verdict !== 'kill' || current.hangKilled) return;
    current.hangKilled = true;
    await options.clock.sleep(0.5);
    own('hang_killed', { ...facts, stack: (await readLogEnd(run.folder)).slice(-4000) });
    options.journal.write({
      what: 'trainer.hang',
      text: `No heartbeat for ${run.silence.toFixed(0)} s in phase ${facts.phase}: the trainer is ended and started again.`,
      step: run.beat?.step ?? null,
      dataset: current.request.dataset.id,
      evidence: { ...facts, run: run.run },
    });
    signalGroup(run.identity, 'SIGKILL');
  }

  async function tick(): Promise<void> {
    const now = options.clock.monotonic();
    const wall = options.clock.now();
    // On Linux the monotonic clock stands still while the machine sleeps; elsewhere it goes on.
    const gap = Math.max(now - lastTick, wall - lastWall);
    const slept = gap > asleepAfter;
    const since = lastWall;
    lastTick = now;
    lastWall = wall;
    const run = watched;
    const current = supervision;
    if (run === null || current === null) return;
    if (slept) {
      run.forgive();
      own('asleep', { from: since, until: wall, step: run.beat?.step ?? null });
      options.journal.write({
        what: 'trainer.asleep',
        text: `The machine slept for ${gap.toFixed(0)} s, or its clock was set: the silence of the trainer is not counted.`,
        step: run.beat?.step ?? null,
        dataset: current.request.dataset.id,
        evidence: { from: since, until: wall },
      });
    }
    const alive = run.isAlive;
    await run.readBeat();
    for (const event of await run.readEvents()) {
      learn(current, event);
      say(run.run, event);
    }
    if (!alive) await settle(run, current);
    else {
      if (current.suspected && run.silence < 1) current.suspected = false;
      await lookForHang(run, current);
    }
    const view = JSON.stringify([run.beat?.seq, run.pending, alive]);
    if (view !== shown) changed.emit(undefined);
    shown = view;
  }
  const stopTicking = options.clock.every(secondsBetweenLooks, tick);

  return {
    async adopt() {
      const holder = await findTrainer(options.paths);
      if (holder === null) return null;
      const folder = options.paths.run(holder.run);
      const request = requestOf(await readJson(path.join(folder, 'spec.json')).catch(() => null));
      if (request === null) return null;
      const run = new WatchedRun({
        run: holder.run,
        folder,
        identity: { pid: holder.pid, start: holder.start },
        child: null,
        clock: options.clock,
      });
      supervision = begin(request);
      // What happened before was told by the engine before; here it is only learned.
      for (const event of await run.readEvents()) learn(supervision, event);
      await run.readBeat();
      watched = run;
      changed.emit(undefined);
      return request;
    },
    train(request) {
      if (supervision !== null) throw new Error('a pass is being trained already');
      isKilling = false;
      supervision = begin(request);
      void start();
    },
    async command(verb) {
      if (supervision !== null) supervision.wish = wishAfter(verb, supervision.wish);
      if (watched?.isAlive === true) {
        await watched.command(verb);
        changed.emit(undefined);
        return;
      }
      if (verb === 'pause') endWithout('paused');
      else if (verb === 'stop-now') endWithout('stopped');
      else if (verb === 'skip') endWithout('skipped');
    },
    async kill(why) {
      isKilling = true;
      options.journal.write({ what: 'trainer.kill', text: `The trainer is ended: ${why}.` });
      const run = watched;
      if (run === null) {
        endWithout('stopped');
        return;
      }
      for (let look = 0; run.isAlive; look += 1) {
        if (look >= looksUntilStuck)
          throw new Error(
            `The trainer (pid ${String(run.identity.pid)}) does not end: the system holds it in a call.`,
          );
        signalGroup(run.identity, 'SIGKILL');
        await options.clock.sleep(0.05);
      }
    },
    view(): TrainerView {
      const run = watched;
      const current = supervision;
      const crash = current?.crash ?? null;
      const beat = run?.beat ?? null;
      return {
        run: run?.run ?? null,
        pid: run?.identity.pid ?? null,
        alive: run?.isAlive ?? false,
        heartbeat:
          beat === null
            ? null
            : {
                phase: beat.phase,
                step: beat.step,
                position: beat.position,
                age_s: Math.max(0, options.clock.now() - beat.t),
              },
        recovering:
          crash === null
            ? null
            : {
                attempt: crash.attempt,
                limit: options.config.values().watchdog.restart_limit,
                cause: crash.crash.meaning,
                category: crash.crash.category,
              },
        pending: run?.pending == null ? null : { verb: run.pending.verb, t: run.pending.t },
        halting: current?.wish ?? null,
        device: current?.device ?? null,
      };
    },
    work: workers.work,
    events,
    outcome,
    changed,
    close() {
      stopTicking();
      supervision?.retry?.();
      workers.close();
      return Promise.resolve();
    },
  };
}

/**
 * faulthandler writes every thread's stack to the log. Asked of who wrote the heartbeat: before it the handler is not there, and a
 * launcher has none, so the signal would end them.
 */
function askForStack(who: Identity | null): void {
  if (who === null || !isAlive(who)) return;
  try {
    process.kill(who.pid, 'SIGUSR1');
  } catch {
    // It ended at this moment: the next look settles it.
  }
}
