/** pause, resume, stop, skip: each says whether it has taken effect and what the state is now. */
import type { Command } from 'commander';
import { withEngine, type EngineClient } from './connection.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import type { Run } from './program.ts';

const BY = 'you (command line)';

type Controlled = Awaited<ReturnType<EngineClient['training']['pause']>>;

async function control(
  session: Session,
  call: (client: EngineClient) => Promise<Controlled>,
): Promise<ExitCode> {
  const answer = await withEngine(session, call);
  const waited = answer.waited_ms >= 1000 ? ` (${(answer.waited_ms / 1000).toFixed(1)} s)` : '';
  show(
    session,
    answer,
    `${answer.state}: ${answer.text}${answer.acted ? waited : ' It has not taken effect yet.'}`,
  );
  return exitCode.ok;
}

export function addTrainingCommands(program: Command, run: Run): void {
  program
    .command('pause')
    .description('pause at the next step boundary, with a checkpoint; latched over restarts')
    .action(() =>
      run((session) => control(session, (client) => client.training.pause({ by: BY }))),
    );
  program
    .command('resume')
    .description('go on after a pause or a stop')
    .action(() =>
      run((session) => control(session, (client) => client.training.resume({ by: BY }))),
    );
  program
    .command('stop')
    .description(
      'stop after the current dataset; --now at the next step boundary, with a checkpoint',
    )
    .option('--now', 'do not finish the dataset first', false)
    .action((options: { now: boolean }) =>
      run((session) =>
        control(session, (client) => client.training.stop({ now: options.now, by: BY })),
      ),
    );
  program
    .command('skip')
    .description('put the rest of the current dataset into skipped; it can be continued later')
    .action(() => run((session) => control(session, (client) => client.training.skip({ by: BY }))));
}
