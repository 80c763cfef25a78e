/** The shell around `decideRestore`: does the phases one after another, and after a crash undoes or finishes them. */
import {
  type LineageState,
  type Point,
  Refusal,
  type RestorePlan,
  type RestoreResult,
  type RestoreSource,
} from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import {
  backUp,
  baseOfKept,
  keepAsVersion,
  newIntentId,
  removePartials,
  removeStaged,
  stage,
  verifySource,
} from './steps.ts';
import { type Decision, decideRestore } from './decide.ts';
import { type Intent, readIntent, removeIntent, writeIntent } from './intent.ts';
import { readAll } from './inputs.ts';
import type { RestorePhase, RestoreNews, RestoreOptions } from './types.ts';

export type RestoreRoom = ReturnType<typeof createRestore>;

/** Seconds that a trainer may take to save and end. */
const savePatience = 120;
/** Seconds that a leaving engine waits for one that is under way. */
const closePatience = 5;
/** Seconds between attempts to finish what follows the switch. */
const retryAfter = 10;
/** Times that lineage.json is read after a switch that answered with an error. */
const readings = 5;

export function createRestore(options: RestoreOptions) {
  const changed = new Emitter<void>();
  const news = new Emitter<RestoreNews>();
  const damaged = new Set<string>();
  const measured = new Map<RestorePhase, { readonly seconds: number; readonly bytes: number }>();
  let shown: LineageState['restore'] = null;
  let isBusy = false;
  let isClosing = false;
  let current: Promise<unknown> = Promise.resolve();
  let stopRetrying: (() => void) | null = null;

  function show(title: string, phase: RestorePhase, message: string | null): void {
    const state = message === null ? 'running' : 'failed';
    const since =
      shown?.title === title && shown.state === 'running' ? shown.since : options.clock.now();
    shown = { title, phase, state, message, since };
    changed.emit(undefined);
  }
  function tell(kind: RestoreNews['kind'], intent: Intent, message: string): void {
    options.journal.write({
      what: `restore.${kind}`,
      text: `${intent.title}: ${message}`,
      step: kind === 'done' || kind === 'finished' ? intent.to.step : intent.from.step,
      evidence: {
        phase: intent.phase,
        from: intent.from,
        to: intent.to,
        branch: intent.branch,
        optimizer_state: intent.optimizer_state,
        backup: intent.backup,
        by: intent.by,
      },
    });
    news.emit({ kind, title: intent.title, message });
  }

  const decide = async (source: RestoreSource): Promise<Decision> =>
    decideRestore(source, await readAll(options, damaged, measured, source));

  /** Nobody takes away what is about to be gone back to: not the trainer's ring, not a clean-up. */
  async function hold({ kept }: Decision): Promise<void> {
    if (kept.optimizerState === null || kept.origin.kind === 'backup') return;
    await options.holds.hold(kept).catch((error: unknown) => {
      // A disk that takes no note keeps nobody from looking; the plan is compared again before anything happens.
      options.failed('restore.hold', error);
    });
  }
  /** The ring may have turned between the look and the note. */
  async function decideAndHold(source: RestoreSource): Promise<Decision> {
    await hold(await decide(source));
    return decide(source);
  }

  /** What lineage.json says now decides whether the switch took place. */
  async function headOnDisk(): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await options.versions.reload();
      } catch (error) {
        if (attempt === readings) throw error;
        await options.clock.sleep(0.2);
      }
    }
  }

  /** Without an answer nothing is undone and nothing is trained: the next start, which reads it as well, decides. */
  async function headOrUnknown(intent: Intent): Promise<string> {
    try {
      return await headOnDisk();
    } catch (error) {
      const text = `${options.paths.lineage} cannot be read (${error instanceof Error ? error.message : String(error)}), so it is not known whether the switch took place. Training waits; the next start of the engine undoes or finishes it.`;
      show(intent.title, intent.phase, text);
      tell('failed', intent, text);
      throw new Refusal('NOT_READY', text, { subject: options.paths.lineage });
    }
  }

  /** The queue goes on as soon as its folders can be read. */
  async function releaseAtLast(): Promise<void> {
    try {
      await options.queue.release();
    } catch (error) {
      options.failed('restore.release', error);
      options.clock.after(retryAfter, () => void releaseAtLast());
    }
  }

  /** The note goes last: until it is gone, what was done and what was told can be done and told again. */
  async function undo(intent: Intent, kind: 'failed' | 'undone', text: string): Promise<void> {
    show(intent.title, intent.phase, text);
    await removeStaged(options, intent.branch);
    tell(kind, intent, text);
    await options.journal.flush();
    await removeIntent(options.paths);
  }

  /** The setting names the base of the model as it is now: what is trained next goes on from it. */
  async function followBase(title: string): Promise<void> {
    const lineage = options.versions.lineage();
    if (lineage !== null && options.versions.mismatch() !== null)
      await options.config.follow('base_model', lineage.base.id, title);
    await options.versions.refreshBase();
  }

  /** Everything after the switch; may be repeated. Answers the datasets that were queued again. */
  async function follow(intent: Intent, kind: 'done' | 'finished'): Promise<readonly string[]> {
    await options.versions.reload();
    const queued = await options.queue.aftermath(intent.aftermath);
    await followBase(intent.title);
    await options.metrics.follow().catch((error: unknown) => {
      // Only what is drawn: the next start reads it again.
      options.failed('restore.metrics', error);
    });
    const text = doneText(intent);
    tell(
      kind,
      intent,
      kind === 'done' ? text : `it was interrupted after the switch and is finished now. ${text}`,
    );
    await options.journal.flush();
    await removeIntent(options.paths);
    await options.queue.release();
    shown = null;
    changed.emit(undefined);
    return queued;
  }

  /** The head is the new branch; what follows is tried until it is done, and nothing is trained before. */
  function keepFollowing(intent: Intent, error: unknown): string {
    const message = error instanceof Error ? error.message : String(error);
    const text = `the model stands at step ${String(intent.to.step)} on ${intent.branch}; putting the datasets in order failed (${message}) and is tried again every ${String(retryAfter)} s. Training waits.`;
    options.failed('restore.follow', error);
    show(intent.title, 'continue', text);
    stopRetrying = options.clock.after(retryAfter, () => {
      stopRetrying = null;
      void follow(intent, 'finished').catch((again: unknown) => {
        keepFollowing(intent, again);
      });
    });
    return text;
  }

  async function timed<T>(phase: RestorePhase, bytes: number, work: () => Promise<T>): Promise<T> {
    const began = options.clock.monotonic();
    const value = await work();
    measured.set(phase, { seconds: options.clock.monotonic() - began, bytes });
    return value;
  }

  async function perform(
    input: { readonly source: RestoreSource; readonly queue_again: boolean; readonly by: string },
    agreed: Decision,
  ): Promise<RestoreResult> {
    let intent = intentOf(agreed, input, options.clock.now());
    const at = async (phase: RestorePhase): Promise<void> => {
      if (isClosing)
        throw new Refusal('BUSY', 'The engine leaves.', { next: 'Restore again when it is back.' });
      show(intent.title, phase, null);
      intent = { ...intent, phase };
      await writeIntent(options.paths, intent);
    };
    let isHeld = false;
    try {
      await at('pause');
      await timed('pause', 0, () => options.queue.standStill(savePatience));
      isHeld = true;
      // What the trainer saved last, and a dataset that it completed just now, belong to the picture.
      const decision = await decide(input.source);
      if (decision.plan.id !== agreed.plan.id) throw changedMeanwhile(decision.plan);
      intent = { ...intentOf(decision, input, intent.started), id: intent.id };
      const { kept } = decision;
      await at('verify');
      const read = await timed('verify', kept.bytes, () =>
        verifySource(options, kept, (name) => damaged.add(name)),
      );
      await at('back_up');
      if (input.source.kind === 'base') await keepAsVersion(options, input.source.id, input.by);
      const backup = await timed('back_up', decision.plan.disk.needed_bytes, () =>
        backUp(options, intent.title, input.by),
      );
      intent = { ...intent, backup: backup?.id ?? null };
      await at('stage');
      await timed('stage', kept.bytes, () => stage(options, decision, intent, read));
      await at('switch');
      await timed('switch', 0, () =>
        options.versions.openBranch(decision.entry, kept.step, baseOfKept(options, kept)),
      );
    } catch (error) {
      const refusal = asRefusal(error, intent.phase);
      if ((await headOrUnknown(intent)) !== intent.branch) {
        await undo(intent, 'failed', `${refusal.message} The model is as it was.`).catch(
          (left: unknown) => {
            // The next restore, or the next start, removes it; nothing looks into it.
            options.failed('restore.undo', left);
          },
        );
        if (isHeld) await releaseAtLast();
        throw refusal;
      }
      // The rename had taken place; only what was to make it durable answered with an error.
      options.failed('restore.switch', error);
    }
    show(intent.title, 'continue', null);
    let queued: readonly string[];
    try {
      queued = await timed('continue', 0, () => follow(intent, 'done'));
    } catch (error) {
      const text = keepFollowing(intent, error);
      throw new Refusal('NOT_READY', `${intent.title}: ${text}`, { subject: intent.branch });
    }
    const text = doneText(intent);
    const named = queued.map(
      (id) => agreed.plan.datasets_leaving.find((dataset) => dataset.id === id)?.name ?? id,
    );
    const { from, to, branch, optimizer_state, backup } = intent;
    return { from, to, branch, optimizer_state, backup, queued_again: named, text };
  }

  /** What an earlier process, or an undo that failed, left behind. Nothing of this workspace trains yet, or the queue stands still. */
  async function settleLeftover(): Promise<void> {
    await removePartials(options);
    const reading = await readIntent(options.paths);
    if (reading.kind === 'none') return;
    if (reading.kind === 'broken') {
      await removeIntent(options.paths);
      options.journal.write({
        what: 'restore.broken',
        text: `What an interrupted restore had noted could not be read (${reading.problem}). The model is what lineage.json says.`,
      });
      return;
    }
    const { intent } = reading;
    if ((await headOnDisk()) !== intent.branch) {
      const { from } = intent;
      const text = `it was interrupted while ${words[intent.phase]}. The model is as it was: step ${String(from.step)} of ${from.branch}.`;
      await undo(intent, 'undone', text);
      return;
    }
    await options.queue.standStill(savePatience);
    try {
      await follow(intent, 'finished');
    } catch (error) {
      keepFollowing(intent, error);
    }
  }

  /** Nothing is touched yet. */
  async function prepare(input: {
    readonly source: RestoreSource;
    readonly plan: string;
  }): Promise<Decision> {
    try {
      await settleLeftover();
      const agreed = await decideAndHold(input.source);
      if (agreed.plan.id !== input.plan) throw changedMeanwhile(agreed.plan);
      await options.disk.require(agreed.plan.disk.needed_bytes, 'the restore');
      return agreed;
    } catch (error) {
      throw asRefusal(error, null);
    }
  }

  return {
    changed,
    news,
    /** What is under way, or what ended without success. */
    state: (): LineageState['restore'] => shown,
    /** Changes nothing. Refusals NOT_FOUND, NOT_READY. */
    async plan(source: RestoreSource): Promise<RestorePlan> {
      try {
        return (await decideAndHold(source)).plan;
      } catch (error) {
        throw asRefusal(error, null);
      }
    },
    /** Refusals BUSY, NOT_FOUND, NOT_READY, DISK_FULL; after each of them the model is as it was. */
    async carryOut(input: {
      readonly source: RestoreSource;
      readonly plan: string;
      readonly queue_again: boolean;
      readonly by: string;
    }): Promise<RestoreResult> {
      if (isBusy || stopRetrying !== null)
        throw new Refusal('BUSY', `${shown?.title ?? 'Another restore'} is under way.`, {
          next: 'It can be followed in the lineage.',
        });
      isBusy = true;
      try {
        const agreed = await prepare(input);
        const { origin } = agreed.kept;
        const phase = (): Promise<RestoreResult> => perform(input, agreed);
        const performing =
          origin.kind === 'backup' ? options.backups.using(origin.id, phase) : phase();
        current = performing.catch(() => undefined);
        return await performing;
      } finally {
        isBusy = false;
      }
    },
    /** At the start, before anything is trained. A disk that answers with errors keeps no engine from starting. */
    async recover(): Promise<void> {
      try {
        await settleLeftover();
      } catch (error) {
        options.failed('restore.recover', error);
      }
    },
    /** One that is under way is undone, or finished when the switch has taken place; what takes longer the next start does. */
    async close(): Promise<void> {
      isClosing = true;
      stopRetrying?.();
      await Promise.race([current, options.clock.sleep(closePatience)]);
    },
  };
}

const words: Readonly<Record<RestorePhase, string>> = {
  pause: 'the trainer saved',
  verify: 'its source was read',
  back_up: 'the model was copied',
  stage: 'the new branch was staged',
  switch: 'the head was to be changed',
  continue: 'the datasets were put in order',
};

function intentOf(
  decision: Decision,
  input: { readonly queue_again: boolean; readonly by: string },
  started: number,
): Intent {
  const { plan } = decision;
  const pointOf = ({ branch, step }: Point): Point => ({ branch, step });
  return {
    format: 1,
    id: newIntentId(),
    title: plan.title,
    by: input.by,
    started,
    phase: 'pause',
    branch: plan.new_branch,
    from: pointOf(plan.from),
    to: pointOf(plan.to),
    optimizer_state: plan.optimizer_state,
    backup: null,
    aftermath: {
      ...decision.aftermath(input.queue_again),
      accounts: [...decision.aftermath(input.queue_again).accounts],
      queueAgain: [...decision.aftermath(input.queue_again).queueAgain],
    },
  };
}

function doneText({ to, branch, from, optimizer_state, backup }: Intent): string {
  const kept = optimizer_state === 'restored' ? 'moments kept' : 'fresh moments, new warm-up';
  const copy = backup === null ? 'nothing was saved to copy' : `backup ${backup}`;
  return `The model stands at step ${String(to.step)} of ${to.branch}, on ${branch} (${kept}). Before: step ${String(from.step)} of ${from.branch}, ${copy}.`;
}

function changedMeanwhile(plan: RestorePlan): Refusal {
  return new Refusal('NOT_READY', 'What would happen now is not what was agreed to.', {
    subject: plan.id,
    next: 'Nothing was changed. A new plan says what would happen now.',
    facts: { plan: plan.id },
  });
}

/** What the disk or Python answered becomes a sentence: which phase, what, and that nothing was changed. */
function asRefusal(error: unknown, phase: RestorePhase | null): Refusal {
  if (error instanceof Refusal) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const message = error instanceof Error ? error.message : String(error);
  return new Refusal(
    code === 'ENOSPC' ? 'DISK_FULL' : 'NOT_READY',
    phase === null
      ? `The workspace could not be read: ${message}.`
      : `It failed while ${words[phase]}: ${message}.`,
    { subject: phase, next: 'Nothing was changed. The cause is in the journal.' },
  );
}
