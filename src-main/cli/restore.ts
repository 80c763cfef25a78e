/**
 * Restores: shared by `versions restore`, `versions rollback`, `queue undo`, `checkpoints restore`,
 * `backup restore`, `base begin`.
 */
import { type Command, Option } from 'commander';
import {
  type RestorePlan,
  type RestoreSource,
  UNDONE_DEFAULT,
  type UndoneChoice,
  undoneChoice,
  VALIDATION_DATASET,
  VALIDATION_FIXED,
} from '../contract/index.ts';
import { askFor } from './confirm.ts';
import { withEngine } from './connection.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, duration, withWeights } from './format.ts';

export interface RestoreOptions {
  readonly plan: boolean;
  readonly queueAgain: boolean;
  readonly undone?: UndoneChoice;
  readonly keepSettings: boolean;
  readonly confirm?: string;
}

export const withRestoreOptions = (command: Command): Command =>
  command
    .option('--plan', 'print the restore plan and exit', false)
    .addOption(
      new Option('--undone <what>', 'what to do with the datasets whose training is undone')
        .choices(undoneChoice.options)
        .default(UNDONE_DEFAULT),
    )
    .option('--queue-again', 'short for --undone queue', false)
    .option('--keep-settings', 'keep the present settings of training', false)
    .option(
      '--confirm <name>',
      'repeat the name to proceed; without it, the plan is printed and nothing changes',
    );

/**
 * `name`: what `--confirm` must repeat. Without it, the plan is printed and the exit code is 3
 * (refused).
 */
export async function restoreFrom(
  session: Session,
  source: RestoreSource,
  name: string,
  options: RestoreOptions,
): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const plan = await client.restore.plan({ source });
    if (options.plan || options.confirm !== name) {
      show(session, plan, () => planText(plan));
      if (options.plan && options.confirm === undefined) return exitCode.ok;
    }
    if (!(await isConfirmed(session, name, options))) {
      session.terminal.error(
        options.confirm === undefined
          ? `Nothing was changed. To proceed: --confirm ${name}\n`
          : `Nothing was changed: --confirm must be ${name}.\n`,
      );
      return exitCode.refused;
    }
    const result = await client.restore.carryOut({
      source,
      plan: plan.id,
      queue_again: options.queueAgain,
      undone: options.queueAgain ? 'queue' : options.undone,
      keep_settings: options.keepSettings,
      by: BY_COMMAND_LINE,
    });
    show(session, result, result.text);
    return exitCode.ok;
  });
}

/** `--confirm`, or an answer on a terminal; the plan was printed before. */
async function isConfirmed(
  session: Session,
  name: string,
  { plan, confirm }: RestoreOptions,
): Promise<boolean> {
  if (plan || confirm !== undefined) return !plan && confirm === name;
  return (await askFor(session, `Restore ${name}?`, name)) === true;
}

function planText(plan: RestorePlan): string {
  const pointText = (point: RestorePlan['from']): string =>
    `step ${count(point.step)} of ${point.branch}, ${VALIDATION_FIXED} ${decimal(point.validation_loss)}${point.validation_dataset == null ? '' : `, ${VALIDATION_DATASET} ${decimal(point.validation_dataset)}`}${point.evaluated_step === null ? '' : `, evaluated at step ${count(point.evaluated_step)}`}${withWeights(point.evaluated_precision)}`;
  const optimizerState =
    plan.optimizer_state === 'restored'
      ? 'restored'
      : `reset; restarts with a warmup of up to ${count(plan.warmup_steps)} steps`;
  return [
    plan.title,
    `  from       ${pointText(plan.from)}`,
    `  to         ${pointText(plan.to)}, on ${plan.new_branch}`,
    `  discards   ${count(plan.steps_leaving)} steps`,
    ...plan.datasets_leaving.map(
      (dataset) =>
        `             ${dataset.name}: ${count(dataset.steps)} steps (${dataset.share === 'whole' ? 'complete' : 'partial'})${dataset.can_queue ? '' : '; its file no longer exists'}`,
    ),
    `  optimizer  ${optimizerState}`,
    ...(plan.settings ?? []).map(
      ({ key, now, then }, index) =>
        `  ${index === 0 ? 'settings ' : '         '}  ${key} ${JSON.stringify(now)} to ${JSON.stringify(then)}`,
    ),
    ...plan.phases.map(
      (phase, index) =>
        `  ${String(index + 1)}. ${phase.text}${phase.seconds === null ? '' : ` About ${duration(phase.seconds)}.`}`,
    ),
    `  disk       ${bytes(plan.disk.needed_bytes)} needed, ${plan.disk.free_bytes === null ? 'unknown' : bytes(plan.disk.free_bytes)} free${plan.disk.fits ? '' : ': not enough space'}`,
    `  undo       ${plan.undo}`,
  ].join('\n');
}
