/** Restore as the scripted engine plays it: the plan follows from the rooms, and what is carried out leaves them as the real one would. */
import {
  Refusal,
  type LineageState,
  type Point,
  type RestorePlan,
  type RestoreResult,
  type RestoreSource,
  type Rooms,
} from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import type { Stage } from './scripted-engine.ts';
import { ancestryOf, scriptedCheckpoint, scriptedPasses } from './scripted-lineage.ts';

type RestorePhase = RestorePlan['phases'][number]['phase'];

/** What a test asks of the next restores. */
export interface RestoreScript {
  /** Milliseconds that each phase takes. */
  pace: number;
  /** The phase at which the next restore fails, with the message; null: it succeeds. */
  failsAt: { readonly phase: RestorePhase; readonly message: string } | null;
  freeBytes: number;
}

function versionPoint(rooms: Rooms, name: string): Point {
  const found = rooms.versions.find((version) => version.name === name);
  if (found === undefined)
    throw new Refusal('NOT_FOUND', `There is no version ${name}.`, { subject: name });
  return { branch: found.branch, step: found.step };
}

function targetOf(rooms: Rooms, source: RestoreSource): Point {
  switch (source.kind) {
    case 'version':
      return versionPoint(rooms, source.name);
    case 'checkpoint':
      return { branch: source.branch, step: source.step };
    case 'backup': {
      const found = rooms.backups.find((backup) => backup.id === source.id);
      if (found?.branch == null || found.step === null)
        throw new Refusal('INVALID', `${source.id} holds no point of the lineage.`);
      return { branch: found.branch, step: found.step };
    }
    case 'rollback': {
      const head = rooms.lineage.branches.find((branch) => branch.name === rooms.lineage.head);
      const [newest] = rooms.versions;
      if (head?.parent != null) return head.parent;
      if (newest === undefined)
        throw new Refusal('NOT_READY', 'There is no earlier version.', {
          next: 'The first version can be made at any checkpoint.',
        });
      return { branch: newest.branch, step: newest.step };
    }
    case 'undo_dataset': {
      const pass = scriptedPasses.find((scriptedPass) => scriptedPass.id === source.dataset);
      if (pass === undefined)
        throw new Refusal('NOT_READY', 'No kept point lies before the first step of it.', {
          subject: source.dataset,
        });
      return { branch: pass.from === 1101 ? 'main' : pass.branch, step: pass.from - 1 };
    }
    case 'base':
      return { branch: `branch-${String(rooms.lineage.branches.length + 1)}`, step: 0 };
  }
}

function titleOf(rooms: Rooms, source: RestoreSource): string {
  switch (source.kind) {
    case 'version':
      return `Restore ${source.name}`;
    case 'checkpoint':
      return `Restore step ${source.step.toLocaleString('en-US')} of ${source.branch}`;
    case 'backup':
      return `Restore backup ${source.id}`;
    case 'rollback':
      return 'Roll back';
    case 'undo_dataset': {
      const name = rooms.datasets.find((dataset) => dataset.id === source.dataset)?.name;
      return `Undo ${name ?? source.dataset}`;
    }
    case 'base':
      return `New lineage from ${source.id}`;
  }
}

/** The newest step that both the head's line and the target's line hold. */
function commonStep(lineage: LineageState, to: Point): number {
  const head = new Map(ancestryOf(lineage).map((entry) => [entry.branch, entry.upto]));
  for (const { branch, upto } of ancestryOf({ ...lineage, head: to.branch })) {
    const shared = head.get(branch);
    if (shared !== undefined) return Math.min(shared, upto, branch === to.branch ? to.step : upto);
  }
  return 0;
}

export function scriptedPlan(rooms: Rooms, source: RestoreSource, free: number): RestorePlan {
  const { lineage, status } = rooms;
  const to = targetOf(rooms, source);
  const from = { branch: lineage.head, step: status.current_step ?? 0 };
  const common = commonStep(lineage, to);
  const kept = lineage.checkpoints.some(
    (checkpoint) =>
      checkpoint.branch === to.branch && checkpoint.step === to.step && checkpoint.problem === null,
  );
  const line = ancestryOf(lineage);
  const version = rooms.versions.find(
    (version) => version.step === to.step && version.branch === to.branch,
  );
  const branch = `branch-${String(lineage.branches.length + 1)}`;
  const leaving = scriptedPasses.flatMap((pass) => {
    const upto = line.find((entry) => entry.branch === pass.branch)?.upto;
    if (upto === undefined) return [];
    const last = Math.min(pass.to, upto, from.step);
    const gone = last - Math.max(pass.from - 1, common);
    return gone <= 0 ? [] : [{ pass, gone, whole: common < pass.from }];
  });
  const byDataset = new Map<string, RestorePlan['datasets_leaving'][number]>();
  for (const { pass, gone, whole } of leaving) {
    const before = byDataset.get(pass.id);
    byDataset.set(pass.id, {
      id: pass.id,
      name: pass.name,
      share: whole && before?.share !== 'part' ? 'whole' : 'part',
      steps: gone + (before?.steps ?? 0),
      can_queue: pass.id !== 'd-sample',
    });
  }
  const needed = 3_230_000_000;
  return {
    id: `${to.branch}-${String(to.step)}-from-${String(from.step)}`,
    source,
    title: titleOf(rooms, source),
    from: {
      ...from,
      validation_loss: 0.169,
      evaluated_step: 1400,
      exact_match: { k: 45, n: 64 },
    },
    to: {
      ...to,
      validation_loss: version?.validation_loss ?? null,
      evaluated_step: version?.evaluated_step ?? null,
      exact_match: version?.exact_match ?? null,
    },
    new_branch: branch,
    steps_leaving: from.step - common,
    optimizer_state: kept ? 'restored' : 'fresh',
    warmup_steps: kept ? 0 : 100,
    datasets_leaving: [...byDataset.values()],
    phases: [
      {
        phase: 'pause',
        text: 'Training saves a checkpoint and stops.',
        seconds: 9,
      },
      {
        phase: 'verify',
        text: `Every byte of ${version?.name ?? `step ${String(to.step)} of ${to.branch}`} is verified (1.6 GB).`,
        seconds: 3,
      },
      {
        phase: 'back_up',
        text: `Step ${String(from.step)} of ${from.branch} is backed up and the backup verified (1.6 GB).`,
        seconds: 26,
      },
      {
        phase: 'stage',
        text: `Step ${String(to.step)} is added to ${branch}; hard-linked, no extra space.`,
        seconds: 4,
      },
      {
        phase: 'switch',
        text: `${branch} becomes active (atomic).`,
        seconds: 0.2,
      },
      {
        phase: 'continue',
        text: `The queue continues from step ${String(to.step)}.`,
        seconds: null,
      },
    ],
    disk: { free_bytes: free, needed_bytes: needed, fits: needed < free },
    undo: 'Roll back undoes this until the backup is removed, in 30 days.',
  };
}

export function scriptedRestore(stage: Stage, script: RestoreScript): EngineApi['restore'] {
  const wait = () => new Promise((resolve) => setTimeout(resolve, script.pace));
  const report = (restore: LineageState['restore']): void => {
    stage.change({ lineage: { ...stage.rooms().lineage, restore } });
  };
  return {
    plan: ({ source }) => scriptedPlan(stage.rooms(), source, script.freeBytes),
    carryOut: async ({ source, plan: agreed, queue_again }): Promise<RestoreResult> => {
      if (stage.rooms().lineage.restore?.state === 'running')
        throw new Refusal('BUSY', 'Another restore is running.', {
          next: 'Its progress is shown with the lineage.',
        });
      const plan = scriptedPlan(stage.rooms(), source, script.freeBytes);
      if (plan.id !== agreed)
        throw new Refusal('NOT_READY', 'The restore would no longer do what was confirmed.', {
          subject: plan.id,
          next: 'Nothing was changed. Review the new plan and confirm it.',
          facts: { plan: plan.id },
        });
      const since = stage.now();
      for (const { phase } of plan.phases) {
        report({ title: plan.title, phase, state: 'running', message: null, since });
        await wait();
        const failure = script.failsAt;
        if (failure?.phase === phase) {
          script.failsAt = null;
          const { message } = failure;
          const text = `${message} The model is unchanged.`;
          report({ title: plan.title, phase, state: 'failed', message: text, since });
          throw new Refusal('NOT_READY', message);
        }
      }
      const { from, to, new_branch: branch } = plan;
      const now = stage.now();
      const rooms = stage.rooms();
      const stamp = new Date(now * 1000).toISOString().replace(/[-:]|\..*/g, '');
      const backup = `pre-restore/${stamp.replace('T', '-')}`;
      const again = plan.datasets_leaving.filter(
        (dataset) =>
          dataset.can_queue &&
          (queue_again || (source.kind === 'undo_dataset' && dataset.id === source.dataset)),
      );
      const queued = new Set(again.map((dataset) => dataset.id));
      stage.change(
        {
          lineage: {
            ...rooms.lineage,
            head: branch,
            branches: [
              ...rooms.lineage.branches,
              {
                name: branch,
                parent: { branch: to.branch, step: to.step },
                opened: now,
                why: plan.title,
                newest_step: to.step,
              },
            ],
            checkpoints: [
              scriptedCheckpoint(branch, to.step, now),
              ...rooms.lineage.checkpoints.map((checkpoint) => ({
                ...checkpoint,
                in_ancestry: false,
              })),
            ],
            restore: null,
          },
          backups: [
            {
              id: backup,
              type: 'pre-restore',
              reason: `before: ${plan.title}`,
              folder: `/home/ada/Nightshift/models/backups/${backup}`,
              created: now,
              source: { kind: 'model' },
              branch: from.branch,
              step: from.step,
              holds: 'weights, optimizer state, dataset position',
              bytes: 1_614_271_224,
              files: 11,
              verified: { t: now, ok: true, problem: null },
              keep_until: now + 30 * 86_400,
            },
            ...rooms.backups,
          ],
          datasets: rooms.datasets.map((dataset) =>
            queued.has(dataset.id)
              ? { ...dataset, place: 'queue', verdict: 'ready', finished: null, done_steps: null }
              : dataset,
          ),
          status: { ...rooms.status, branch, current_step: to.step, last_checkpoint_step: to.step },
        },
        { branch, reset: true, points: [], evaluations: [], markers: [] },
      );
      return {
        from: { branch: from.branch, step: from.step },
        to: { branch: to.branch, step: to.step },
        branch,
        optimizer_state: plan.optimizer_state,
        backup,
        queued_again: again.map((dataset) => dataset.name),
        text: `Restored to step ${String(to.step)} (${branch}). Optimizer state ${plan.optimizer_state === 'restored' ? 'restored' : 'reset'}. Previous model: step ${String(from.step)}, backed up.`,
      };
    },
  };
}
