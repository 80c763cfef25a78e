/**
 * `nightshift pause | resume | stop | skip`: each prints the resulting state and whether the
 * command has taken effect.
 */
import type { Command } from 'commander';
import { withEngine, type EngineClient } from './connection.ts';
import { BY_COMMAND_LINE, exitCode, show, type ExitCode, type Session } from './session.ts';
import type { Run } from './program.ts';

type ControlResult = Awaited<ReturnType<EngineClient['training']['pause']>>;

async function control(
  session: Session,
  call: (client: EngineClient) => Promise<ControlResult>,
): Promise<ExitCode> {
  const answer = await withEngine(session, call);
  const waited = answer.waited_ms >= 1000 ? ` (${(answer.waited_ms / 1000).toFixed(1)} s)` : '';
  show(
    session,
    answer,
    `${answer.state}: ${answer.text}${answer.acted ? waited : ' Not in effect yet.'}`,
  );
  return exitCode.ok;
}

export function addTrainingCommands(program: Command, run: Run): void {
  program
    .command('pause')
    .description('Pause at the next step, with a checkpoint; stays paused after a restart')
    .action(() =>
      run((session) =>
        control(session, (client) => client.training.pause({ by: BY_COMMAND_LINE })),
      ),
    );
  program
    .command('resume')
    .description('Resume after a pause or stop')
    .action(() =>
      run((session) =>
        control(session, (client) => client.training.resume({ by: BY_COMMAND_LINE })),
      ),
    );
  program
    .command('stop')
    .description('Stop after the current dataset; with --now at the next step, with a checkpoint')
    .option('--now', 'do not finish the current dataset first', false)
    .option('--discard', 'give up steps that cannot be saved, for example on a full disk', false)
    .action((options: { now: boolean; discard: boolean }) =>
      run((session) =>
        control(session, (client) => client.training.stop({ ...options, by: BY_COMMAND_LINE })),
      ),
    );
  program
    .command('skip')
    .description('Skip the rest of the current dataset; it can be resumed later')
    .action(() =>
      run((session) => control(session, (client) => client.training.skip({ by: BY_COMMAND_LINE }))),
    );
}
