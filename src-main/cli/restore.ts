/** Going back: versions restore, versions rollback, queue take-back, checkpoints restore and backup restore all come through here. */
import type { Command } from 'commander';
import type { RestorePlan, RestoreSource } from '../contract/index.ts';
import { withEngine } from './connection.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { bytes, count, decimal, duration } from './format.ts';

const BY = 'you (command line)';

export interface RestoreChoice {
  readonly plan: boolean;
  readonly queueAgain: boolean;
  readonly confirm?: string;
}

export const withRestoreOptions = (command: Command): Command =>
  command
    .option('--plan', 'only say what would happen', false)
    .option('--queue-again', 'queue the datasets again whose training leaves the model', false)
    .option(
      '--confirm <name>',
      'its name again: without it the plan is printed and nothing is done',
    );

/** `name`: what `--confirm` has to repeat. Without it the plan is the answer, and the exit code is that of a refusal. */
export async function restoreFrom(
  session: Session,
  source: RestoreSource,
  name: string,
  choice: RestoreChoice,
): Promise<ExitCode> {
  return withEngine(session, async (client) => {
    const plan = await client.restore.plan({ source });
    const isAgreed = choice.confirm === name;
    if (choice.plan || !isAgreed) {
      show(session, plan, () => planText(plan));
      if (choice.plan && choice.confirm === undefined) return exitCode.ok;
      session.terminal.error(
        choice.confirm === undefined
          ? `Nothing was done. It is carried out with: --confirm ${name}\n`
          : `Nothing was done: --confirm has to be ${name}.\n`,
      );
      return exitCode.refused;
    }
    const result = await client.restore.carryOut({
      source,
      plan: plan.id,
      queue_again: choice.queueAgain,
      by: BY,
    });
    show(session, result, result.text);
    return exitCode.ok;
  });
}

function planText(plan: RestorePlan): string {
  const standing = (point: RestorePlan['from']): string =>
    `step ${count(point.step)} of ${point.branch}, validation loss ${decimal(point.validation_loss)}${point.evaluated_step === null ? '' : `, measured at step ${count(point.evaluated_step)}`}`;
  const optimizerState =
    plan.optimizer_state === 'restored'
      ? 'kept'
      : `fresh, with a new warm-up of ${count(plan.warmup_steps)} steps`;
  return [
    plan.title,
    `  from     ${standing(plan.from)}`,
    `  to       ${standing(plan.to)}, on ${plan.new_branch}`,
    `  leaves   ${count(plan.steps_leaving)} steps`,
    ...plan.datasets_leaving.map(
      (dataset) =>
        `           ${dataset.name}: ${dataset.share === 'whole' ? 'all' : 'a part'} of its training (${count(dataset.steps)} steps)${dataset.can_queue ? '' : '; its file is gone'}`,
    ),
    `  optimizerState  ${optimizerState}`,
    ...plan.phases.map(
      (action, at) =>
        `  ${String(at + 1)}. ${action.text}${action.seconds === null ? '' : ` About ${duration(action.seconds)}.`}`,
    ),
    `  disk     ${bytes(plan.disk.needed_bytes)} needed, ${plan.disk.free_bytes === null ? 'unknown' : bytes(plan.disk.free_bytes)} free${plan.disk.fits ? '' : ': it does not fit'}`,
    `  undo     ${plan.undo}`,
  ].join('\n');
}
