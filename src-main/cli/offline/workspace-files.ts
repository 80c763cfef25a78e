/**
 * Reads a workspace without an engine. Missing or damaged files count as unknown; nothing is
 * guessed.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, JournalEntry, Version } from '../../contract/index.ts';
import {
  type Differences,
  heartbeatFile,
  listVersions,
  readConfigText,
  readJournal,
  readLiveHolder,
  readOrNull,
  toVersion,
  trainerLock,
  trainingStatusFile,
} from '../../formats/index.ts';
import type { Session } from '../session.ts';
import type { KnownFromFiles } from '../status-text.ts';
import { readRegularText } from '../../kit/regular-file.ts';

export async function knownFromFiles(session: Session): Promise<KnownFromFiles> {
  const { paths } = session;
  const trainer = await readLiveHolder(paths.trainerLock, trainerLock);
  const heartbeat =
    trainer === null
      ? null
      : await readOrNull(join(paths.run(trainer.run), 'heartbeat'), heartbeatFile);
  const status = await readOrNull(paths.trainingStatus, trainingStatusFile);
  return {
    engine: null,
    state: trainer === null ? 'not_running' : 'unsupervised',
    trainer: {
      pid: trainer?.pid ?? null,
      alive: trainer !== null,
      heartbeat_age_s:
        heartbeat === null || heartbeat.pid !== trainer?.pid
          ? null
          : Math.max(0, session.now() - heartbeat.t),
    },
    last_known:
      status === null
        ? null
        : {
            step: status.current_step,
            dataset: status.current_dataset?.name ?? null,
            loss: status.loss?.value ?? null,
            last_checkpoint_step: status.last_checkpoint_step,
            at: status.updated_at,
            age_s: Math.max(0, session.now() - status.updated_at),
          },
  };
}

export interface QueueFile {
  readonly place: string;
  readonly priority: string | null;
  readonly name: string;
  readonly bytes: number;
}

/** Dataset files by folder; the folders decide where a dataset is. */
export async function queueFromFiles(session: Session): Promise<QueueFile[]> {
  const { queue } = session.paths;
  const folders: readonly (readonly [string, string | null, string])[] = [
    ['processing', null, queue.processing],
    ['queue', 'high', queue.high],
    ['queue', 'normal', queue.normal],
    ['queue', 'low', queue.low],
    ['completed', null, queue.completed],
    ['failed', null, queue.failed],
    ['skipped', null, queue.skipped],
    ['inbox', null, session.paths.inbox],
  ];
  const out: QueueFile[] = [];
  for (const [place, priority, folder] of folders)
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      const facts = await stat(join(folder, name)).catch(() => null);
      if (facts?.isFile() === true && !name.startsWith('.'))
        out.push({ place, priority, name, bytes: facts.size });
    }
  return out;
}

/** Newest first. */
export async function versionsFromFiles(session: Session): Promise<Version[]> {
  return (await listVersions(session.paths)).map(toVersion);
}

/** Newest first. */
export const journalFromFiles = (session: Session, limit: number): Promise<JournalEntry[]> =>
  readJournal(session.paths.journal, limit);

/** Default values with the user's changes applied. Throws if config.json is invalid. */
export async function configFromFiles(
  session: Session,
): Promise<{ readonly values: Config; readonly differences: Differences }> {
  const file = session.paths.config;
  const content = await readRegularText(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw error;
  });
  const reading = readConfigText(content, file);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.value;
}
