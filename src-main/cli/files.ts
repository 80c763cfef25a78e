/** What a workspace tells without an engine. Only reads; a file that is missing or broken is unknown, never invented. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  configSchema,
  factoryConfig,
  fromScriptStatus,
  journalEntry,
  version,
  type Config,
  type JournalEntry,
  type Version,
} from '../contract/index.ts';
import { readJson } from '../kit/files.ts';
import { readJsonLines } from '../kit/lines.ts';
import { readHolder } from '../kit/lock-file.ts';
import type { Session } from './session.ts';
import type { KnownFromFiles } from './status-text.ts';

const heartbeatFile = z.object({ pid: z.number(), start: z.string(), t: z.number() });

async function readOr<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    const parsed = schema.safeParse(await readJson(path));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export async function knownFromFiles(session: Session): Promise<KnownFromFiles> {
  const { paths } = session;
  const trainer = await readHolder<{ run?: string }>(paths.trainerLock).catch(() => null);
  const beat =
    trainer?.run === undefined
      ? null
      : await readOr(join(paths.runs, trainer.run, 'heartbeat'), heartbeatFile);
  const status = fromScriptStatus(
    await readJson(join(paths.status, 'training_status.json')).catch(() => null),
  );
  return {
    engine: null,
    state: trainer === null ? 'not_running' : 'unsupervised',
    trainer: {
      pid: trainer?.pid ?? null,
      alive: trainer !== null,
      heartbeat_age_s:
        beat === null || beat.pid !== trainer?.pid ? null : Math.max(0, session.now() - beat.t),
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

export interface FileInQueue {
  readonly place: string;
  readonly priority: string | null;
  readonly name: string;
  readonly bytes: number;
}

/** The data files by folder: the folders are the truth. */
export async function queueFromFiles(session: Session): Promise<FileInQueue[]> {
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
  const out: FileInQueue[] = [];
  for (const [place, priority, folder] of folders)
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      const facts = await stat(join(folder, name)).catch(() => null);
      if (facts?.isFile() === true && !name.startsWith('.'))
        out.push({ place, priority, name, bytes: facts.size });
    }
  return out;
}

export async function versionsFromFiles(session: Session): Promise<Version[]> {
  const folder = session.paths.versions;
  const out: Version[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const found = await readOr(join(folder, name, 'version.json'), version);
    if (found !== null) out.push(found);
  }
  return out.sort((a, b) => b.number - a.number);
}

/** Newest first. */
export async function journalFromFiles(session: Session, limit: number): Promise<JournalEntry[]> {
  const folder = session.paths.journal;
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'));
  const out: JournalEntry[] = [];
  for (const name of names.sort().reverse()) {
    const lines = await readJsonLines(join(folder, name)).catch(() => []);
    for (const line of [...lines].reverse()) {
      const parsed = journalEntry.safeParse(line);
      if (parsed.success) out.push(parsed.data);
      if (out.length >= limit) return out;
    }
  }
  return out;
}

/** Factory values with the user's differences over them. Throws when config.json is broken. */
export async function configFromFiles(
  session: Session,
): Promise<{ readonly values: Config; readonly differences: Record<string, unknown> }> {
  const file = await readJson(session.paths.config);
  if (file === null) return { values: factoryConfig, differences: {} };
  const { format: _format, ...differences } = z.record(z.string(), z.unknown()).parse(file);
  const nested: Record<string, unknown> = {};
  for (const [dotted, value] of Object.entries(differences))
    place(nested, dotted.split('.'), value);
  const parsed = configSchema.safeParse(nested);
  if (!parsed.success)
    throw new Error(
      `${session.paths.config}: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    );
  return { values: parsed.data, differences };
}

/** Sets a value at a dotted key; nested objects of the file are merged. */
function place(into: Record<string, unknown>, parts: readonly string[], value: unknown): void {
  const [first, ...rest] = parts;
  if (first === undefined) return;
  if (rest.length === 0) {
    const both = z.record(z.string(), z.unknown());
    const old = both.safeParse(into[first]);
    const next = both.safeParse(value);
    into[first] = old.success && next.success ? { ...old.data, ...next.data } : value;
    return;
  }
  const inner = z.record(z.string(), z.unknown()).safeParse(into[first]);
  const folder = inner.success ? inner.data : {};
  into[first] = folder;
  place(folder, rest, value);
}
