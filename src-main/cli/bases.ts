/** base list, add, begin. */
import type { Command } from 'commander';
import path from 'node:path';
import { type EngineClient, withEngine } from './connection.ts';
import type { Run } from './program.ts';
import { type RestoreChoice, restoreFrom, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { table } from './format.ts';

export function addBaseCommands(program: Command, run: Run): void {
  const base = program.command('base').description('the models that training begins from');
  base
    .command('list')
    .description('those that are there, and those that can be made')
    .action(() => run((session) => withEngine(session, (client) => list(session, client))));
  base
    .command('add')
    .argument('<model>', 'smollm2, starter, or the folder of a model with safetensors')
    .description('make a base model, or copy one in; what is trained goes on from its own base')
    .action((model: string) =>
      run((session) => withEngine(session, (client) => add(session, client, model))),
    );
  withRestoreOptions(
    base
      .command('begin')
      .argument('<id>')
      .description(
        'begin a new lineage from a base; the model as it is becomes a version and a backup',
      ),
  ).action((id: string, choice: RestoreChoice) =>
    run((session) => restoreFrom(session, { kind: 'base', id }, id, choice)),
  );
}

async function list(session: Session, client: EngineClient): Promise<ExitCode> {
  const { bases, chosen } = await client.setup.get();
  show(session, { bases, chosen }, () =>
    table(
      ['base', 'state', ''],
      bases.map((base) => [
        `${base.id}${base.id === chosen ? ' (chosen)' : ''}`,
        base.state,
        base.message ?? base.detail,
      ]),
    ),
  );
  return exitCode.ok;
}

async function add(session: Session, client: EngineClient, model: string): Promise<ExitCode> {
  const kind = model === 'smollm2' || model === 'starter' ? model : 'folder';
  const folder = kind === 'folder' ? path.resolve(model) : null;
  let setup = await client.setup.choose({ base: kind, folder });
  // The engine names a copied folder.
  const id = setup.bases.find((base) => base.state === 'making')?.id ?? setup.chosen;
  for (;;) {
    const base = setup.bases.find((base) => base.id === id);
    if (base?.state === 'failed') {
      session.terminal.error(`${base.label} cannot be had: ${base.message ?? 'no word'}\n`);
      return exitCode.failure;
    }
    if (base?.state === 'ready') {
      show(session, base, `${base.id} is ready${setup.chosen === base.id ? ' and chosen' : ''}.`);
      return exitCode.ok;
    }
    session.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 250));
    setup = await client.setup.get();
  }
}
