/** `nightshift base list | add | begin` */
import type { Command } from 'commander';
import path from 'node:path';
import { type EngineClient, withEngine } from './connection.ts';
import { baseId } from './find.ts';
import type { Run } from './program.ts';
import { type RestoreOptions, restoreFrom, withRestoreOptions } from './restore.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { table } from './format.ts';

export function addBaseCommands(program: Command, run: Run): void {
  const base = program.command('base').description('Manage base models');
  base
    .command('list')
    .description('List installed and available base models')
    .action(() => run((session) => withEngine(session, (client) => list(session, client))));
  base
    .command('add')
    .argument('<source>', 'smollm2, starter, or a local model folder with safetensors files')
    .description('Download, create or copy in a base model; does not change the current model')
    .action((model: string) =>
      run((session) => withEngine(session, (client) => add(session, client, model))),
    );
  base
    .command('cancel')
    .description('Cancel the download, creation or copy of a base model that is in progress')
    .action(() => run((session) => withEngine(session, (client) => cancel(session, client))));
  withRestoreOptions(
    base
      .command('begin')
      .argument('<base>', 'id of a base model')
      .description(
        'Start a new lineage from a base model; the current model is saved as a version and a backup',
      ),
  ).action((typed: string, options: RestoreOptions) =>
    run(async (session) => {
      const id = await withEngine(session, (client) => baseId(client, typed));
      return restoreFrom(session, { kind: 'base', id }, id, options);
    }),
  );
}

async function list(session: Session, client: EngineClient): Promise<ExitCode> {
  const { bases, chosen } = await client.setup.get();
  show(session, { bases, chosen }, () =>
    table(
      ['base', 'state', ''],
      bases.map((base) => [
        `${base.id}${base.id === chosen ? ' (selected)' : ''}`,
        base.state,
        base.message ?? base.detail,
      ]),
    ),
  );
  return exitCode.ok;
}

async function cancel(session: Session, client: EngineClient): Promise<ExitCode> {
  const making = (await client.setup.get()).bases.find((base) => base.state === 'making');
  const setup = await client.setup.cancel();
  show(session, setup, `Canceled ${making?.label ?? 'the base model'}.`);
  return exitCode.ok;
}

async function add(session: Session, client: EngineClient, model: string): Promise<ExitCode> {
  const kind = model === 'smollm2' || model === 'starter' ? model : 'folder';
  const folder = kind === 'folder' ? path.resolve(model) : null;
  let setup = await client.setup.choose({ base: kind, folder });
  // For a local folder, the engine chooses the id.
  const id = setup.bases.find((base) => base.state === 'making')?.id ?? setup.chosen;
  for (;;) {
    const base = setup.bases.find((base) => base.id === id);
    if (base?.state === 'failed')
      throw new Error(`${base.label} was not added: ${base.message ?? 'unknown error'}`);
    if (base === undefined || base.state === 'available') {
      session.terminal.error(`Adding ${id ?? model} was canceled.\n`);
      return exitCode.failure;
    }
    if (base.state === 'ready') {
      show(session, base, `${base.id} is ready${setup.chosen === base.id ? ' and selected' : ''}.`);
      return exitCode.ok;
    }
    session.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 250));
    setup = await client.setup.get();
  }
}
