/** The files of a bundle, each redacted. */
import os from 'node:os';
import path from 'node:path';
import { controlOf, describeKeys, withoutTexts } from '../../contract/index.ts';
import {
  isObject,
  journalFile as journalFormat,
  readOrNull,
  trainingStatusFile,
} from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { keepJournalLine, keepLog, keepValue } from './allow-list.ts';
import { exitFacts } from './exits.ts';
import type { Redaction } from './redaction.ts';
import { endOf, engineLogs, journalFiles, jsonOr, newestRuns, newestTrainRuns } from './sources.ts';

const LOG_LINES = 2000;
const JOURNAL_LINES = 2000;
const RUNS_WITH_LOG = 3;
const BYTES_PER_MIB = 1048576;

export interface BundleFile {
  readonly path: string;
  /** What it contains, and what was removed. */
  readonly about: string;
  readonly text: string;
  /** Number of lines or values that were removed. */
  readonly omitted: number;
}

export function jsonFile(path: string, about: string, value: unknown, omitted = 0): BundleFile {
  return { path, about, text: `${JSON.stringify(value, null, 1)}\n`, omitted };
}

export function versionsFile(options: {
  readonly version: string;
  readonly build: string;
  readonly clock: Clock;
  readonly live: unknown;
}): BundleFile {
  return jsonFile('versions.json', 'versions of the program, Node and the system', {
    nightshift: options.version,
    build: options.build,
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    system: os.release(),
    processors: os.availableParallelism(),
    memory_mb: Math.round(os.totalmem() / BYTES_PER_MIB),
    made: new Date(options.clock.now() * 1000).toISOString(),
    engine_running: options.live !== null,
  });
}

export async function settingsFile(
  paths: WorkspacePaths,
  redaction: Redaction,
): Promise<BundleFile> {
  const config = await jsonOr(paths.config);
  const values = describeKeys().map(({ key, factory }) => {
    const found = valueAt(config, key);
    const value = found === undefined ? factory : found;
    if (typeof value !== 'string') return [key, keepValue(value)] as const;
    const text = redaction.sentence(value);
    // Free text is a name that the user chose, unless it is the default.
    const isName = value !== factory && controlOf(key).kind === 'text';
    return [key, isName ? redaction.name(text) : text] as const;
  });
  return jsonFile('config.json', 'all settings; names hashed', Object.fromEntries(values));
}

export async function statusFile(paths: WorkspacePaths): Promise<BundleFile | null> {
  const status = await readOrNull(paths.trainingStatus, trainingStatusFile);
  return status === null
    ? null
    : jsonFile('status.json', 'the live status: numbers and states', withoutTexts(status));
}

export async function exitsFile(
  paths: WorkspacePaths,
  redaction: Redaction,
): Promise<BundleFile | null> {
  const exits: unknown[] = [];
  for (const run of await newestRuns(paths)) {
    const exit = await jsonOr(path.join(paths.run(run), 'exit.json'));
    if (exit !== null) exits.push({ run, ...exitFacts(exit, redaction) });
  }
  if (exits.length === 0) return null;
  return jsonFile('exits.json', `how the last ${String(exits.length)} runs ended`, exits);
}

export async function journalFile(
  paths: WorkspacePaths,
  redaction: Redaction,
): Promise<BundleFile> {
  const lines: string[] = [];
  for (const name of await journalFiles(paths))
    lines.push(...(await endOf(path.join(paths.journal, name), JOURNAL_LINES)));
  const kept = lines.slice(-JOURNAL_LINES).flatMap((line) => {
    const entry = journalFormat.parseLine(line);
    return entry === null ? [] : [JSON.stringify(keepJournalLine(entry, redaction))];
  });
  return {
    path: 'journal.jsonl',
    about: 'decisions with numbers and categories; sentences that may quote data are removed',
    text: kept.map((line) => `${line}\n`).join(''),
    omitted: lines.length - kept.length,
  };
}

export async function logFiles(paths: WorkspacePaths, redaction: Redaction): Promise<BundleFile[]> {
  const logs = [
    ...(await engineLogs(paths)).map((name) => ({
      name: `logs/${name}`,
      file: path.join(paths.logs, name),
      source: 'engine' as const,
    })),
    ...(await newestTrainRuns(paths)).slice(0, RUNS_WITH_LOG).map((run) => ({
      name: `runs/${run}/trainer.log`,
      file: path.join(paths.run(run), 'trainer.log'),
      source: 'trainer' as const,
    })),
  ];
  const files: BundleFile[] = [];
  for (const { name, file, source } of logs) {
    const lines = await endOf(file, LOG_LINES);
    if (lines.length === 0) continue;
    const kept = keepLog(lines, source, redaction);
    files.push({
      path: name,
      about: `last lines of the ${source}'s log; only lines of known forms`,
      text: `${kept.lines.join('\n')}\n`,
      omitted: kept.omitted,
    });
  }
  return files;
}

/** A setting by its flat or nested key. */
function valueAt(config: Readonly<Record<string, unknown>> | null, key: string): unknown {
  if (config === null) return undefined;
  if (key in config) return config[key];
  return key
    .split('.')
    .reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), config);
}
