/** The shell around `decideNext`: commands, outcomes, the emergency file, and what is shown of the queue. */
import { access, rename } from 'node:fs/promises';
import {
  type DatasetSummary,
  type Priority,
  type QueueState,
  Refusal,
  type Version,
} from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { PassOutcome, TrainerRoom } from '../trainer/index.ts';
import { decideNext, decideRetry, estimate, type QueueAct } from './decide.ts';
import { openLatch } from './latch.ts';
import { readPass, removeCursor } from './pass.ts';
import { type OpenPass, Passes, type PassesOptions } from './passes.ts';

export interface QueueOptions extends PassesOptions {
  readonly trainer: TrainerRoom;
  readonly failed: (where: string, error: unknown) => void;
}

/** What is worth a notice. */
export type QueueNews =
  | {
      readonly kind: 'done';
      readonly dataset: DatasetSummary;
      readonly version: Version | null;
      readonly planned: number;
      readonly done: number;
      readonly next: string | null;
    }
  | {
      readonly kind: 'failed';
      readonly dataset: DatasetSummary;
      readonly reason: string;
      readonly next: string | null;
    }
  | {
      readonly kind: 'not_ready';
      readonly category: string;
      readonly message: string;
      readonly step: number | null;
    }
  | {
      readonly kind: 'empty';
      readonly datasets: number;
      readonly failed: number;
      readonly since: number;
      readonly step: number | null;
    };

/** The machine was not ready at the last attempt. */
export interface NotReady {
  readonly category: string;
  readonly message: string;
  readonly t: number;
  readonly attempt: number;
  readonly until: number;
}

/** A command that was given: whether it has taken effect, and after how long. */
export interface Acted {
  readonly acted: boolean;
  readonly waited_ms: number;
  readonly text: string;
}

export type QueueRoom = Awaited<ReturnType<typeof createQueue>>;

/** Seconds that a command waits for the trainer's answer; it stays pending after that. */
const commandPatience = 15;
const stopFilePatience = 30;

export async function createQueue(o: QueueOptions) {
  const passes = new Passes(o);
  const latch = await openLatch(o.paths, o.clock);
  const changed = new Emitter<void>();
  const news = new Emitter<QueueNews>();
  let open: OpenPass | null = null;
  let isSupervising = false;
  let notReady: NotReady | null = null;
  let isTicking = false;
  let isStarted = false;
  let isStopping = false;
  let why: Extract<QueueAct, { kind: 'wait' }> | null = null;
  let quietSince = o.clock.now();
  let streak = { since: o.clock.now(), datasets: 0, failed: 0 };
  const outcomes = new Emitter<PassOutcome>();

  const tell = (): void => {
    changed.emit(undefined);
  };
  async function safely(where: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      o.failed(`queue.${where}`, error);
    }
  }

  async function setLatch(
    to: QueueState['latch'],
    by: string,
    note: string | null = null,
  ): Promise<void> {
    await latch.set(to, by, note);
    o.journal.write({
      what: `queue.${to}`,
      text: `The queue is ${to === 'stopping_after' ? 'stopped after this dataset' : to} (${by}).`,
      step: o.trainer.view().heartbeat?.step ?? null,
      dataset: open?.dataset.id ?? null,
    });
    tell();
  }

  async function launch(pass: OpenPass): Promise<void> {
    open = pass;
    isSupervising = true;
    why = null;
    const head = await o.versions.newestCheckpoint();
    o.trainer.train(passes.request(pass, head?.step ?? null));
    tell();
  }

  /** Does what `decideNext` says, until it says wait. */
  async function tick(): Promise<void> {
    if (isTicking || !isStarted) return;
    isTicking = true;
    try {
      for (let turn = 0; turn < 4; turn += 1) {
        if (
          open !== null &&
          o.datasets.forPass(open.dataset.id)?.place !== 'processing' &&
          !isSupervising
        ) {
          o.config.openPass(null);
          open = null;
        }
        const act = decideNext(
          {
            latch: latch.state().latch,
            isSupervising,
            open: open?.dataset.id ?? null,
            waiting: o.datasets.queued(),
            hasBase: o.versions.base() !== null,
            notBefore: notReady?.until ?? null,
          },
          o.clock.now(),
        );
        if (act.kind === 'wait') {
          if (act.why !== why?.why) quietSince = o.clock.now();
          const isNew = act.why !== why?.why;
          why = act;
          if (isNew) tell();
          return;
        }
        if (act.kind === 'stop') {
          await setLatch('stopped', latch.state().by, act.why);
          return;
        }
        const pass = act.kind === 'continue' ? open : await passes.begin(act.id);
        if (pass === null) {
          tell();
          return;
        }
        if (act.kind === 'continue')
          await o.disk.require(await o.versions.checkpointBytes(), 'a checkpoint');
        await launch(pass);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setNotReady(error.code === 'DISK_FULL' ? 'disk_full' : 'configuration_error', error.message);
    } finally {
      isTicking = false;
    }
  }

  function setNotReady(category: string, message: string): void {
    const attempt = notReady?.category === category ? notReady.attempt + 1 : 1;
    const seconds = decideRetry(category, attempt);
    notReady = { category, message, t: o.clock.now(), attempt, until: o.clock.now() + seconds };
    if (attempt === 1) {
      o.journal.write({
        what: 'queue.not_ready',
        text: `Training waits: ${message}`,
        dataset: open?.dataset.id ?? null,
        evidence: { category, again_in_seconds: seconds },
      });
      news.emit({ kind: 'not_ready', category, message, step: o.metrics.latest().checkpointStep });
    }
    tell();
  }

  const nextName = (): string | null =>
    o.datasets.queued().find((one) => one.isReady && !one.held)?.name ?? null;

  async function settle(outcome: PassOutcome): Promise<void> {
    isSupervising = false;
    const ended = open;
    if (ended === null) return;
    const { id } = ended.dataset;
    switch (outcome.kind) {
      case 'completed': {
        notReady = null;
        open = null;
        const closed = await passes.complete(ended, outcome);
        streak = {
          ...streak,
          datasets: streak.datasets + 1,
          failed: streak.failed + (closed.kind === 'failed' ? 1 : 0),
        };
        if (closed.kind === 'completed')
          news.emit({
            kind: 'done',
            dataset: o.datasets.summary(id),
            version: closed.version,
            planned: ended.pass.planned_steps,
            done: outcome.stepsDone,
            next: nextName(),
          });
        else
          news.emit({
            kind: 'failed',
            dataset: o.datasets.summary(id),
            reason: closed.reason,
            next: nextName(),
          });
        announceEmpty(outcome.step);
        break;
      }
      case 'skipped':
        open = null;
        await passes.skip(ended, outcome.stepsDone);
        break;
      case 'paused':
      case 'stopped':
        await o.datasets.note(id, { done_steps: ended.pass.steps_before + outcome.stepsDone });
        break;
      case 'gave_up':
        if (outcome.infrastructure) setNotReady(outcome.category, outcome.message);
        else {
          open = null;
          if (outcome.rows.length > 0) await quarantine(id, outcome.rows);
          await passes.fail(ended, `${outcome.category}: ${outcome.message}`, null);
          streak = { ...streak, datasets: streak.datasets + 1, failed: streak.failed + 1 };
          news.emit({
            kind: 'failed',
            dataset: o.datasets.summary(id),
            reason: `${outcome.category}: ${outcome.message}`,
            next: nextName(),
          });
          announceEmpty(outcome.step);
        }
        break;
    }
    tell();
  }

  function announceEmpty(step: number | null): void {
    if (o.datasets.queued().length > 0) return;
    news.emit({ kind: 'empty', ...streak, step });
    streak = { since: o.clock.now(), datasets: 0, failed: 0 };
  }

  async function quarantine(id: string, rows: readonly number[]): Promise<void> {
    const meta = o.datasets.meta(id);
    if (meta !== null)
      await o.datasets.note(id, { quarantined: [...new Set([...meta.quarantined, ...rows])] });
  }

  const stopOutcome = o.trainer.outcome.on((outcome) => {
    void safely('outcome', async () => {
      if (open !== null && outcome.pass !== open.pass.pass) return;
      await settle(outcome);
      outcomes.emit(outcome);
      await tick();
    });
  });
  const stopEvents = o.trainer.events.on((event) => {
    const dataset = open?.dataset.id;
    if (dataset === undefined) return;
    if (event.type === 'quarantined')
      void safely('quarantine', () => quarantine(dataset, numbers(event.rows)));
    if (event.type === 'evaluation') {
      const loss = lossOf(event.slice) ?? lossOf(event.core);
      if (loss !== null)
        void safely('evaluation', () =>
          o.datasets.note(
            dataset,
            o.datasets.meta(dataset)?.validation_before == null && event.when === 'start'
              ? { validation_before: loss }
              : { validation_after: loss },
          ),
        );
    }
  });

  /** Waits until `isDone`, or the patience is over; the answer says which. */
  async function command(
    verb: Parameters<TrainerRoom['command']>[0],
    isDone: () => boolean,
  ): Promise<Acted> {
    const from = o.clock.monotonic();
    const waited = (): number => Math.round((o.clock.monotonic() - from) * 1000);
    if (!isSupervising) return { acted: true, waited_ms: 0, text: 'No trainer runs.' };
    let isOver = false;
    const stopWaiting = [
      outcomes.on(() => (isOver = true)),
      o.trainer.events.on((event) => {
        if (verb === 'pause' && event.type === 'paused') isOver = true;
        if (verb === 'resume' && event.type === 'unpaused') isOver = true;
      }),
    ];
    try {
      await o.trainer.command(verb);
      while (!isOver && !isDone() && waited() < commandPatience * 1000) await o.clock.sleep(0.05);
    } finally {
      for (const stop of stopWaiting) stop();
    }
    const acted = isOver || isDone();
    return {
      acted,
      waited_ms: waited(),
      text: acted
        ? `Done after ${(waited() / 1000).toFixed(1)} s.`
        : `The trainer has not answered for ${commandPatience} s; it acts at its next step.`,
    };
  }

  const phase = (): string | null =>
    o.trainer.view().alive ? (o.trainer.view().heartbeat?.phase ?? null) : null;

  async function pause(by: string): Promise<Acted> {
    await setLatch('paused', by);
    const acted = await command('pause', () => phase() === 'paused' || !isSupervising);
    return { ...acted, text: acted.acted ? 'Paused; a checkpoint holds the place.' : acted.text };
  }

  async function resume(by: string): Promise<Acted> {
    notReady = null;
    await setLatch('running', by);
    const acted: Acted =
      isSupervising && phase() === 'paused'
        ? await command('resume', () => phase() !== 'paused')
        : { acted: true, waited_ms: 0, text: '' };
    await tick();
    const text = isSupervising
      ? 'Training goes on.'
      : `The queue runs; ${why?.why ?? 'nothing waits'}.`;
    return { ...acted, text: acted.acted ? text : acted.text };
  }

  async function stop(now: boolean, by: string): Promise<Acted> {
    if (!now && open !== null && (isSupervising || latch.state().latch === 'running')) {
      const wasPaused = phase() === 'paused';
      await setLatch('stopping_after', by);
      if (wasPaused) await command('resume', () => phase() !== 'paused');
      return { acted: true, waited_ms: 0, text: `Stops after ${open.dataset.name}.` };
    }
    await setLatch('stopped', by);
    const acted = await command('stop-now', () => !isSupervising);
    return {
      ...acted,
      text: acted.acted ? 'Stopped; the dataset continues where it was.' : acted.text,
    };
  }

  /** Refusal NOT_READY when no dataset is being trained. */
  async function skip(by: string): Promise<Acted> {
    const target = open;
    if (target === null)
      throw new Refusal('NOT_READY', 'No dataset is being trained.', {
        next: 'Waiting ones are taken out with remove.',
      });
    o.journal.write({
      what: 'queue.skip',
      text: `${target.dataset.name} is skipped (${by}).`,
      dataset: target.dataset.id,
    });
    if (isSupervising) {
      const acted = await command('skip', () => !isSupervising);
      return { ...acted, text: acted.acted ? `${target.dataset.name} is skipped.` : acted.text };
    }
    open = null;
    await passes.skip(target, null);
    tell();
    await tick();
    return { acted: true, waited_ms: 0, text: `${target.dataset.name} is skipped.` };
  }

  /** `.stop`: a checkpoint within 30 s, else the trainer is killed; the queue stays stopped until somebody resumes it. */
  async function lookForStopFile(): Promise<void> {
    if (
      isStopping ||
      !(await access(o.paths.stopFile).then(
        () => true,
        () => false,
      ))
    )
      return;
    isStopping = true;
    try {
      await setLatch('stopped', '.stop file');
      if (isSupervising) {
        const end = o.clock.monotonic() + stopFilePatience;
        await o.trainer.command('stop-now');
        while (isSupervising && o.clock.monotonic() < end) await o.clock.sleep(0.1);
        if (isSupervising) await o.trainer.kill('no checkpoint within 30 s of .stop');
      }
      const time = new Date(o.clock.now() * 1000).toISOString().replace(/[-:]/g, '').slice(0, 15);
      await rename(o.paths.stopFile, `${o.paths.stopFile}.done-${time}`);
    } finally {
      isStopping = false;
    }
  }

  const stopTimers = [
    o.clock.every(1, () => safely('stop file', lookForStopFile)),
    o.clock.every(2, () => safely('tick', tick)),
  ];
  const stopDatasets = o.datasets.verdict.on(() => void safely('tick', tick));
  const stopBase = o.versions.changed.on(() => void safely('tick', tick));

  function live(): { readonly id: string; readonly done: number; readonly planned: number } | null {
    if (open === null) return null;
    const { pass, dataset } = open;
    const step = o.trainer.view().heartbeat?.step ?? null;
    const meta = o.datasets.meta(dataset.id);
    const begun = pass.head_step ?? 0;
    const done =
      isSupervising && step !== null && step >= begun
        ? pass.steps_before + step - begun
        : (meta?.done_steps ?? pass.steps_before);
    return { id: dataset.id, done, planned: pass.steps_before + pass.planned_steps };
  }

  return {
    changed,
    news,
    state: (): QueueState => latch.state(),
    open: (): OpenPass | null => open,
    /** Steps of the dataset in processing, all its passes together. */
    live,
    isSupervising: () => isSupervising,
    notReady: (): NotReady | null => notReady,
    /** Why nothing begins, and since when. */
    waiting: () => (why === null ? null : { why: why.why, since: quietSince }),
    /** All datasets, with their expected times. */
    datasets(): readonly DatasetSummary[] {
      const all = o.datasets.list();
      const current = live();
      const speed = o.metrics.speed().stepsPerSecond;
      const isRunning =
        latch.state().latch === 'running' || latch.state().latch === 'stopping_after';
      const goingOn = all.filter(
        (one) => one.place === 'queue' && !one.held && one.verdict === 'ready',
      );
      const times = estimate(
        current === null ? null : { remaining: Math.max(0, current.planned - current.done) },
        goingOn.map((one) => ({ id: one.id, steps: one.planned_steps })),
        isRunning ? speed : null,
        Math.round(o.clock.now()),
      );
      return all.map((one) => {
        if (one.id === current?.id)
          return {
            ...one,
            planned_steps: current.planned,
            done_steps: current.done,
            starts_at: open?.pass.started ?? null,
            ends_at:
              speed === null || !isRunning
                ? null
                : Math.round(o.clock.now() + Math.max(0, current.planned - current.done) / speed),
          };
        const time = times.get(one.id);
        return time === undefined ? one : { ...one, ...time };
      });
    },
    pause,
    resume,
    stop,
    skip,
    async move(id: string, priority: Priority, before: string | null): Promise<DatasetSummary> {
      const dataset = o.datasets.forPass(id);
      if (dataset === null)
        throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
      if (dataset.place !== 'queue')
        throw new Refusal('NOT_READY', `${dataset.name} does not wait in the queue.`, {
          subject: id,
        });
      return o.datasets.toQueue(id, priority, { before, judgeAgain: false });
    },
    async hold(id: string, held: boolean): Promise<DatasetSummary> {
      const dataset = o.datasets.forPass(id);
      if (dataset === null)
        throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
      if (dataset.place !== 'queue')
        throw new Refusal('NOT_READY', `${dataset.name} does not wait in the queue.`, {
          subject: id,
        });
      await o.datasets.note(id, { held });
      await tick();
      return o.datasets.summary(id);
    },
    async retry(id: string): Promise<DatasetSummary> {
      const dataset = o.datasets.forPass(id);
      if (dataset === null)
        throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
      if (dataset.place === 'queue' || dataset.place === 'processing')
        throw new Refusal('NOT_READY', `${dataset.name} is in the queue already.`, { subject: id });
      if (dataset.place === 'completed') await removeCursor(dataset.folder);
      const summary = await o.datasets.toQueue(id, dataset.priority, {
        before: null,
        judgeAgain: dataset.judged?.verdict !== 'ready',
      });
      await tick();
      return summary;
    },
    async remove(id: string): Promise<void> {
      const dataset = o.datasets.forPass(id);
      if (dataset === null)
        throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
      if (dataset.place !== 'queue')
        throw new Refusal('NOT_READY', `${dataset.name} does not wait in the queue.`, {
          subject: id,
          next: dataset.place === 'processing' ? 'Skip it instead.' : null,
        });
      await o.datasets.toSkipped(id, 'taken out of the queue by you; its file is kept');
      tell();
    },
    /** Adopts a live trainer or continues the open pass; nothing is begun before. */
    async start(): Promise<void> {
      if (
        await access(o.paths.stopFile).then(
          () => true,
          () => false,
        )
      )
        await latch.set('stopped', '.stop file');
      open = await passes.repair();
      const adopted = await o.trainer.adopt();
      if (adopted !== null) {
        const dataset = o.datasets.forPass(adopted.dataset.id);
        const pass = dataset === null ? null : await readPass(dataset.folder);
        if (dataset !== null && pass?.pass === adopted.pass.id) {
          if (dataset.place !== 'processing') await o.datasets.toProcessing(dataset.id);
          open = { dataset, pass };
        }
        isSupervising = true;
        o.journal.write({
          what: 'queue.adopt',
          text: `A trainer was running already (pid ${o.trainer.view().pid ?? '?'}); it goes on.`,
          dataset: adopted.dataset.id,
        });
        const wish = latch.state().latch;
        if (wish === 'stopped') await o.trainer.command('stop-now');
        else if (wish === 'paused' && phase() !== 'paused') await o.trainer.command('pause');
        else if (wish === 'running' && phase() === 'paused') await o.trainer.command('resume');
      }
      if (open !== null) passes.reopen(open);
      isStarted = true;
      await lookForStopFile();
      await tick();
      tell();
    },
    close(): void {
      isStarted = false;
      for (const stopOne of [...stopTimers, stopOutcome, stopEvents, stopDatasets, stopBase])
        stopOne();
    },
  };
}

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((one): one is number => typeof one === 'number') : [];
}

function lossOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('loss' in value)) return null;
  return typeof value.loss === 'number' ? value.loss : null;
}
