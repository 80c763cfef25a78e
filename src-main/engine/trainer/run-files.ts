/** Reads what a Python process leaves in its run folder. Everything may be missing, old or cut off; nothing here throws for that. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readJson, writeJson } from '../../kit/files.ts';
import { type Identity, isAlive } from '../../kit/identity.ts';
import { readEnd, readLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { ExitFile, TrainerEvent } from './types.ts';

const LOG_END_BYTES = 16_384;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface BeatFile {
  /** The process that wrote it: of several ranks the one that leads. */
  readonly who: Identity;
  readonly seq: number;
  readonly phase: string;
  readonly step: number | null;
  readonly position: number | null;
  readonly t: number;
}

export async function readBeat(folder: string): Promise<BeatFile | null> {
  try {
    const value = JSON.parse(await readFile(path.join(folder, 'heartbeat'), 'utf8')) as unknown;
    if (!isRecord(value) || typeof value.t !== 'number') return null;
    return {
      who: { pid: number(value.pid) ?? -1, start: text(value.start) },
      seq: number(value.seq) ?? 0,
      phase: text(value.phase),
      step: number(value.step),
      position: number(value.position),
      t: value.t,
    };
  } catch {
    return null;
  }
}

export async function readExit(
  folder: string,
): Promise<(ExitFile & { readonly stepsDone: number | null }) | null> {
  const value = await readJson(path.join(folder, 'exit.json')).catch(() => null);
  if (!isRecord(value) || typeof value.outcome !== 'string') return null;
  const error = isRecord(value.error) ? value.error : null;
  return {
    outcome: value.outcome,
    reason: typeof value.reason === 'string' ? value.reason : null,
    t: number(value.t) ?? 0,
    step: number(value.step),
    position: number(value.position),
    stepsDone: number(value.steps_done),
    error:
      error === null
        ? null
        : {
            category: text(error.category) || 'unknown',
            type: text(error.type),
            message: text(error.message),
            traceback: text(error.traceback),
            rows: Array.isArray(error.rows)
              ? error.rows.filter((row): row is number => typeof row === 'number')
              : [],
          },
  };
}

export function parseEvent(line: string): TrainerEvent | null {
  try {
    const value = JSON.parse(line) as unknown;
    return isRecord(value) && typeof value.type === 'string' && typeof value.t === 'number'
      ? (value as unknown as TrainerEvent)
      : null;
  } catch {
    return null;
  }
}

/** The last 16 KiB of the log; empty when there is none. */
export async function readLogEnd(folder: string): Promise<string> {
  const end = await readEnd(path.join(folder, 'trainer.log'), LOG_END_BYTES).catch(() => null);
  return end?.text ?? '';
}

async function readTrainerLock(
  file: string,
): Promise<(Identity & { readonly run: string }) | null> {
  const value = await readJson(file).catch(() => null);
  if (!isRecord(value)) return null;
  const { pid, start, run } = value;
  return typeof pid === 'number' && typeof start === 'string' && typeof run === 'string'
    ? { pid, start, run }
    : null;
}

/** So that a trainer that was started a moment ago, and holds no lock yet, can be adopted as well. */
export async function rememberTrainer(folder: string, who: Identity): Promise<void> {
  await writeJson(path.join(folder, 'process.json'), { format: 1, ...who });
}

/** The live trainer of the workspace: by its lock, else by what the newest run remembers. */
export async function findTrainer(
  paths: WorkspacePaths,
): Promise<(Identity & { readonly run: string }) | null> {
  const holder = await readTrainerLock(paths.trainerLock);
  if (holder !== null && isAlive(holder)) return holder;
  const newest = (await readdir(paths.runs).catch(() => []))
    .filter((name) => name.includes('-train-'))
    .sort()
    .at(-1);
  if (newest === undefined) return null;
  const value = await readJson(path.join(paths.run(newest), 'process.json')).catch(() => null);
  if (!isRecord(value) || typeof value.pid !== 'number') return null;
  const who = { pid: value.pid, start: text(value.start), run: newest };
  return isAlive(who) ? who : null;
}

/** What the kernel said about ending this process, where this account may read it. */
export async function kernelWords(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '';
  const found: string[] = [];
  try {
    for await (const line of readLines('/var/log/kern.log'))
      if (line.includes(`process ${String(pid)} `) || line.includes(`pid=${String(pid)}`))
        found.push(line);
  } catch {
    // This account may not read it.
  }
  return found.slice(-5).join('\n');
}
