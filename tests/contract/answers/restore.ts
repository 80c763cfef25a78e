/** Restores: a plan to the asked point, its phases one after another, and the new branch at the end. */
import {
  Refusal,
  type LineageState,
  type RestorePlan,
  type RestoreSource,
} from '../../../src-main/contract/index.ts';
import { checkpoint } from '../scenes/models.ts';
import type { Answers, RestoreScript, Stage } from '../stage.ts';

function pointOf(stage: Stage, source: RestoreSource) {
  if (source.kind === 'checkpoint') return source;
  if (source.kind === 'version') return stage.find('versions', source.name);
  if (source.kind === 'backup') return stage.find('backups', source.id);
  if (source.kind === 'undo_dataset' && stage.rooms().lineage.branches.length < 3)
    throw new Refusal('NOT_READY', 'Nothing is saved from before its first step.');
  return { branch: 'main', step: 1100 };
}

function titleOf(source: RestoreSource): string {
  const titles: Readonly<Record<RestoreSource['kind'], string>> = {
    version: 'Restore ',
    checkpoint: 'Restore step ',
    backup: 'Restore backup ',
    rollback: 'Roll back',
    undo_dataset: 'Undo support_2026-10.jsonl',
    base: 'New lineage from ',
  };
  const rest = { name: '', id: '', ...source };
  const step = 'step' in source ? `${source.step.toLocaleString('en-US')} of ${source.branch}` : '';
  return `${titles[source.kind]}${rest.name}${rest.id}${step}`;
}

const phases: RestorePlan['phases'] = [
  { phase: 'pause', text: 'Training saves a checkpoint and stops.', seconds: 9 },
  { phase: 'verify', text: 'Every byte is verified (1.6 GB).', seconds: 3 },
  { phase: 'back_up', text: 'The model is backed up and the backup verified.', seconds: 26 },
  { phase: 'stage', text: 'The step is hard-linked; no extra space.', seconds: 4 },
  { phase: 'switch', text: 'The new branch becomes active (atomic).', seconds: 0.2 },
  { phase: 'continue', text: 'The queue continues from there.', seconds: null },
];

function planOf(stage: Stage, source: RestoreSource, free_bytes: number) {
  const { lineage, versions } = stage.rooms();
  const { branch, step } = pointOf(stage, source);
  const to = { branch: branch ?? 'main', step: step ?? 0 };
  const from = { branch: lineage.head, step: stage.step() };
  const isHere = (known: { branch: string; step: number }): boolean =>
    known.branch === to.branch && known.step === to.step;
  const { validation_loss, exact_match } = { ...versions.find(isHere) };
  const share = 'whole' as const;
  return {
    id: `${to.branch}-${String(to.step)}-from-${String(from.step)}`,
    source,
    title: titleOf(source),
    from: { ...from, validation_loss: 0.169, evaluated_step: 1400, exact_match: { k: 45, n: 64 } },
    to: { ...to, validation_loss, exact_match },
    new_branch: `branch-${String(lineage.branches.length + 1)}`,
    steps_leaving: from.step - to.step,
    optimizer_state: lineage.checkpoints.some(isHere) ? ('restored' as const) : ('fresh' as const),
    datasets_leaving: [
      { id: 'd-support-oct', name: 'support_2026-10.jsonl', share, steps: 150, can_queue: true },
      { id: 'd-gsm8k-train', name: 'gsm8k_train.jsonl', share, steps: 162, can_queue: true },
    ],
    phases,
    disk: { free_bytes, needed_bytes: 3.23e9, fits: free_bytes > 3.23e9 },
    undo: 'Roll back undoes this until the backup is removed, in 30 days.',
  };
}

async function playPhases(stage: Stage, script: RestoreScript, title: string): Promise<void> {
  const since = stage.now();
  for (const { phase } of phases) {
    const report = (state: 'running' | 'failed', message: string | null): void => {
      const restore: LineageState['restore'] = { title, phase, state, message, since };
      stage.change({ lineage: { ...stage.rooms().lineage, restore } });
    };
    report('running', null);
    await new Promise((resolve) => setTimeout(resolve, script.pace));
    if (script.failsAt?.phase !== phase) continue;
    const { message } = script.failsAt;
    script.failsAt = null;
    report('failed', `${message} The model is unchanged.`);
    throw new Refusal('NOT_READY', message);
  }
}

export const restoreAnswers = (stage: Stage, script: RestoreScript): Answers['restore'] => ({
  plan: ({ source }) => planOf(stage, source, script.freeBytes),
  carryOut: async ({ source, plan: agreed, undone }) => {
    const plan = planOf(stage, source, script.freeBytes);
    if (plan.id !== agreed)
      throw new Refusal('NOT_READY', 'The restore would no longer do what was confirmed.', {
        facts: { plan: plan.id },
      });
    await playPhases(stage, script, plan.title);
    const { new_branch: branch, optimizer_state } = plan;
    const { lineage, status } = stage.rooms();
    const { step } = plan.to;
    const parent = { branch: plan.to.branch, step };
    const opened = { name: branch, parent, why: plan.title, newest_step: step };
    stage.change(
      {
        lineage: {
          ...lineage,
          head: branch,
          branches: [...lineage.branches, opened],
          checkpoints: [checkpoint({ branch, step }), ...lineage.checkpoints],
          restore: null,
        },
        status: { ...status, branch, current_step: step, last_checkpoint_step: step },
      },
      { branch, reset: true },
    );
    return {
      from: { branch: plan.from.branch, step: plan.from.step },
      to: parent,
      branch,
      optimizer_state,
      queued_again: undone === 'queue' ? plan.datasets_leaving.map(({ name }) => name) : [],
      text: `Restored to step ${String(step)} (${branch}). The previous model is backed up.`,
    };
  },
});
