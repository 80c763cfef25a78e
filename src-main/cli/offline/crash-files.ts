/** Crashes from the journal and the logs of a workspace, without an engine. */
import path from 'node:path';
import { crashesFrom, type CrashReport } from '../../contract/index.ts';
import { isTrainRun, metaFile, readJournal, readOrNull } from '../../formats/index.ts';
import { lastLines } from '../../kit/lines.ts';
import type { Session } from '../session.ts';

/** As the engine's health room reads it. */
const JOURNAL_LINES = 20_000;
const LOG_LINES = 30;

/** Newest first. */
export async function crashesFromFiles(session: Session, days: number): Promise<CrashReport[]> {
  const { paths } = session;
  const since = session.now() - days * 86_400;
  const crashes = crashesFrom(await readJournal(paths.journal, JOURNAL_LINES), since);
  return Promise.all(
    crashes.map(async (crash) => ({
      ...crash,
      dataset: crash.dataset === null ? null : await nameOf(session, crash.dataset),
      log: await logEnd(session, crash.run),
    })),
  );
}

async function nameOf({ paths }: Session, dataset: string): Promise<string> {
  const meta = await readOrNull(path.join(paths.dataset(dataset), 'meta.json'), metaFile);
  return meta?.name ?? dataset;
}

async function logEnd({ paths }: Session, run: string): Promise<string[]> {
  if (!isTrainRun(run)) return [];
  const end = await lastLines(path.join(paths.run(run), 'trainer.log'));
  const lines = (end?.lines ?? []).map((line) => line.trimEnd()).filter((line) => line !== '');
  return lines.slice(-LOG_LINES);
}
