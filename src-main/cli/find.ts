/**
 * Finds what the user named by an id or the beginning of one. For an unknown id the text itself is
 * returned: the engine's refusal, with what exists instead, is the message.
 */
import type { Identified, DatasetSummary } from '../contract/index.ts';
import { Refusal, resolveId } from '../contract/index.ts';
import { listBranchFolders } from '../formats/index.ts';
import { engineOf, withEngine, type EngineClient } from './connection.ts';
import { backupsFromFiles, checkpointsFromFiles } from './offline/backup-and-checkpoint-files.ts';
import { versionsFromFiles } from './offline/workspace-files.ts';
import { UsageError, type Session } from './session.ts';

/** Queued datasets and the one in training first: of several with one file name they are meant. */
export function datasetIds(datasets: readonly DatasetSummary[]): readonly Identified[] {
  const isOpen = ({ place }: DatasetSummary): boolean =>
    place === 'queue' || place === 'processing';
  return [...datasets.filter(isOpen), ...datasets.filter((dataset) => !isOpen(dataset))].map(
    ({ id, name }) => ({ id, names: [name] }),
  );
}

const idOf = (typed: string, known: readonly Identified[], what: string): string =>
  resolveId(typed, known, what)?.id ?? typed;

export async function datasetId(client: EngineClient, typed: string): Promise<string> {
  return idOf(typed, datasetIds(await client.datasets.list()), 'dataset');
}

export async function findDataset(client: EngineClient, typed: string): Promise<DatasetSummary> {
  const datasets = await client.datasets.list();
  const id = idOf(typed, datasetIds(datasets), 'dataset');
  return (
    datasets.find((dataset) => dataset.id === id) ?? (await client.datasets.get({ id })).summary
  );
}

export async function versionName(session: Session, typed: string): Promise<string> {
  const versions =
    (await engineOf(session)) === null
      ? await versionsFromFiles(session)
      : await withEngine(session, (client) => client.versions.list());
  return idOf(
    typed,
    versions.map(({ name }) => ({ id: name })),
    'version',
  );
}

/** The version that the text names. Refusals NOT_FOUND, INVALID. Pure. */
export function existingVersion<T extends { readonly name: string }>(
  versions: readonly T[],
  typed: string,
): T {
  const known = versions.map((version) => ({ id: version.name, version }));
  const found = resolveId(typed, known, 'version');
  if (found !== null) return found.version;
  throw new Refusal('NOT_FOUND', `There is no version ${typed}.`, {
    subject: typed,
    next: 'To list versions: nightshift versions list',
  });
}

export async function backupId(session: Session, typed: string): Promise<string> {
  const backups =
    (await engineOf(session)) === null
      ? await backupsFromFiles(session)
      : await withEngine(session, (client) => client.backups.list());
  return idOf(
    typed,
    backups.map(({ id }) => ({ id })),
    'backup',
  );
}

export async function branchName(session: Session, typed: string): Promise<string> {
  return idOf(
    typed,
    (await listBranchFolders(session.paths)).map((id) => ({ id })),
    'branch',
  );
}

export async function baseId(client: EngineClient, typed: string): Promise<string> {
  return idOf(
    typed,
    (await client.setup.get()).bases.map(({ id }) => ({ id })),
    'base model',
  );
}

export async function noticeIds(
  client: EngineClient,
  typed: readonly string[],
): Promise<readonly string[]> {
  if (typed.length === 0) return [];
  const known = await client.notices.list();
  return typed.map((text) => idOf(text, known, 'notice'));
}

export async function sessionIds(
  client: EngineClient,
  typed: readonly string[],
): Promise<readonly string[]> {
  const known = await client.access.sessions();
  return typed.map((text) => idOf(text, known, 'session'));
}

/** As printed (`1,180`), as its folder is named (`step-00001180`), or the beginning of the number. */
export async function checkpointStep(
  session: Session,
  branch: string,
  typed: string,
): Promise<number> {
  const digits = typed
    .replace(/^step[- ]?/, '')
    .replace(/[,_]/g, '')
    .replace(/^0+(?=\d)/, '');
  if (!/^[1-9]\d{0,14}$/.test(digits))
    throw new UsageError(`${typed} is not the step of a checkpoint: a whole number, 1 or more.`);
  const steps = (await checkpointsFromFiles(session))
    .filter((checkpoint) => checkpoint.branch === branch)
    .map(({ step }) => ({ id: String(step) }));
  return Number(idOf(digits, steps, 'checkpoint'));
}
