/**
 * Diagnostics: one .tar.gz for whoever looks into a problem: settings, journal, logs, status, checks, exits of runs, versions.
 * Promises: holds no row of a dataset, no prompt, no answer, no token; names are hashed unless they are asked for; it is searched for them once more, and not made when something is found.
 * Never: sends anything, writes into the workspace, needs a running engine.
 */
import os from 'node:os';
import path from 'node:path';
import {
  controlOf,
  describeKeys,
  type DiagnosticsList,
  factoryConfig,
  fromScriptStatus,
  journalEntry,
  Refusal,
  withoutTexts,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { tarGz } from './archive.ts';
import { createRedaction, type Redaction } from './redaction.ts';
import { keepJournalLine, keepLog, keepValue } from './types.ts';
import { exitFacts } from './exits.ts';
import {
  endOf,
  engineLogs,
  isRecord,
  journalFiles,
  jsonOr,
  namesOf,
  newestRuns,
  previewTexts,
  tokenOf,
} from './sources.ts';

const LOG_LINES = 2000;
const JOURNAL_LINES = 2000;
const RUNS = 20;
const RUNS_WITH_LOG = 3;

interface Part {
  readonly path: string;
  readonly about: string;
  readonly text: string;
  readonly omitted: number;
}

export interface DiagnosticsRoom {
  list(names: boolean): Promise<DiagnosticsList>;
  bundle(names: boolean): Promise<{ readonly name: string; readonly bytes: Buffer }>;
}

/** Numbers and states that a running engine knows, by file name; null without one. */
export type Live = () => Promise<Readonly<Record<string, unknown>>>;

export function createDiagnostics(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly home: string;
  readonly version: string;
  readonly build: string;
  readonly live: Live | null;
}): DiagnosticsRoom {
  const { paths } = options;

  async function redactionFor(names: boolean): Promise<Redaction> {
    const runs = await newestRuns(paths, RUNS);
    return createRedaction({
      home: options.home,
      workspace: paths.root,
      token: await tokenOf(paths),
      names: names ? [] : await namesOf(paths, factoryConfig.model_name),
      texts: await previewTexts(paths, runs.filter((run) => run.includes('-train-')).slice(0, 5)),
    });
  }

  const json = (file: string, about: string, value: unknown, omitted = 0): Part => ({
    path: file,
    about,
    text: `${JSON.stringify(value, null, 1)}\n`,
    omitted,
  });

  async function logs(redaction: Redaction): Promise<Part[]> {
    const out: Part[] = [];
    const add = async (name: string, file: string, source: 'engine' | 'trainer'): Promise<void> => {
      const lines = await endOf(file, LOG_LINES);
      if (lines.length === 0) return;
      const kept = keepLog(lines, source, redaction);
      out.push({
        path: name,
        about: `the last lines of the ${source}'s log: known forms only`,
        text: `${kept.lines.join('\n')}\n`,
        omitted: kept.omitted,
      });
    };
    for (const name of await engineLogs(paths))
      await add(`logs/${name}`, path.join(paths.logs, name), 'engine');
    const training = (await newestRuns(paths, RUNS)).filter((run) => run.includes('-train-'));
    for (const run of training.slice(0, RUNS_WITH_LOG))
      await add(`runs/${run}/trainer.log`, path.join(paths.run(run), 'trainer.log'), 'trainer');
    return out;
  }

  async function journal(redaction: Redaction): Promise<Part> {
    const lines: string[] = [];
    for (const name of await journalFiles(paths))
      lines.push(...(await endOf(path.join(paths.journal, name), JOURNAL_LINES)));
    const kept = lines.slice(-JOURNAL_LINES).flatMap((line) => {
      try {
        const parsed = journalEntry.safeParse(JSON.parse(line));
        return parsed.success ? [JSON.stringify(keepJournalLine(parsed.data, redaction))] : [];
      } catch {
        return [];
      }
    });
    return {
      path: 'journal.jsonl',
      about: 'decisions with numbers and categories; sentences that may quote data are left out',
      text: kept.map((line) => `${line}\n`).join(''),
      omitted: lines.length - kept.length,
    };
  }

  async function settings(redaction: Redaction): Promise<Part> {
    const file = await jsonOr(paths.config);
    const values = describeKeys().map(({ key, factory }) => {
      const found = valueAt(file, key);
      const value = found === undefined ? factory : found;
      const isOwn =
        typeof value !== 'string' || value === factory || controlOf(key).kind !== 'text';
      const shown = typeof value === 'string' ? redaction.sentence(value) : keepValue(value);
      return [key, isOwn ? shown : redaction.name(redaction.sentence(value))] as const;
    });
    return json(
      'config.json',
      'every setting by its key; names in it as the other names',
      Object.fromEntries(values),
    );
  }

  async function exits(redaction: Redaction): Promise<Part | null> {
    const out: unknown[] = [];
    for (const run of await newestRuns(paths, RUNS)) {
      const exit = await jsonOr(path.join(paths.run(run), 'exit.json'));
      if (exit !== null) out.push({ run, ...exitFacts(exit, redaction) });
    }
    if (out.length === 0) return null;
    return json('exits.json', `how the last ${String(out.length)} runs ended`, out);
  }

  async function status(): Promise<Part | null> {
    const file = await jsonOr(path.join(paths.status, 'training_status.json'));
    const known = fromScriptStatus(file);
    if (known === null) return null;
    return json('status.json', 'the live status: numbers and states', withoutTexts(known));
  }

  const versions = (): Part =>
    json('versions.json', 'program, Node and the system', {
      nightshift: options.version,
      build: options.build,
      node: process.versions.node,
      platform: process.platform,
      architecture: process.arch,
      system: os.release(),
      processors: os.availableParallelism(),
      memory_mb: Math.round(os.totalmem() / 1048576),
      made: new Date(options.clock.now() * 1000).toISOString(),
      engine_running: options.live !== null,
    });

  async function live(redaction: Redaction): Promise<Part[]> {
    if (options.live === null) return [];
    return Object.entries(await options.live()).map(([name, value]) => {
      const { kept, omitted } = keepLive(name, value, redaction);
      return json(`${name}.json`, liveAbout[name] ?? 'numbers and states', kept, omitted);
    });
  }

  async function parts(names: boolean): Promise<readonly Part[]> {
    const redaction = await redactionFor(names);
    const all = [
      versions(),
      await settings(redaction),
      await status(),
      ...(await live(redaction)),
      await exits(redaction),
      await journal(redaction),
      ...(await logs(redaction)),
    ].filter((part) => part !== null);
    for (const part of all) {
      const found = redaction.leak(part.text);
      if (found !== null)
        throw new Refusal(
          'NOT_READY',
          `The bundle was not made: ${part.path} still holds ${found}.`,
          {
            subject: part.path,
            next: 'Nothing was saved; the rest of the program is not touched by this.',
          },
        );
    }
    return all;
  }

  const stamp = (): string =>
    new Date(options.clock.now() * 1000)
      .toISOString()
      .slice(0, 19)
      .replaceAll(/[-:]/g, '')
      .replace('T', '-');
  const fileName = (): string => `nightshift-diagnostics-${stamp()}.tar.gz`;

  return {
    async list(names) {
      const all = await parts(names);
      return {
        name: fileName(),
        names,
        files: all.map(({ path: file, about, text, omitted }) => ({
          path: file,
          about,
          bytes: Buffer.byteLength(text),
          omitted: omitted,
        })),
      };
    },
    async bundle(names) {
      const all = await parts(names);
      const name = fileName();
      const folder = name.replace('.tar.gz', '');
      const files = all.map((part) => ({ path: `${folder}/${part.path}`, text: part.text }));
      return { name, bytes: tarGz(files, Math.floor(options.clock.now())) };
    },
  };
}

const liveAbout: Readonly<Record<string, string>> = {
  checks: 'the checks of the health screen: state, evidence where it holds no names',
  memory: 'memory of machine, trainer, engine, GPU',
  costs: 'what watching costs',
  disk: 'what uses the disk',
  datasets: 'places, verdicts and row counts of the datasets, names as above',
};

/** Checks whose evidence is made of numbers and versions alone. */
const plainChecks = new Set(['disk', 'python', 'checkpoint']);

function keepLive(
  name: string,
  value: unknown,
  redaction: Redaction,
): { readonly kept: unknown; readonly omitted: number } {
  if (name === 'checks' && Array.isArray(value)) {
    let omitted = 0;
    const kept = value.filter(isRecord).map(({ id, state, evidence, t }) => {
      const isPlain = plainChecks.has(String(id)) && typeof evidence === 'string';
      if (!isPlain) omitted += 1;
      return {
        id: String(id),
        state: String(state),
        evidence: isPlain ? redaction.sentence(evidence) : null,
        t,
      };
    });
    return { kept, omitted };
  }
  if (name === 'datasets' && Array.isArray(value))
    return {
      kept: value.filter(isRecord).map((entry) => ({
        ...Object.fromEntries(
          Object.entries(entry).filter(([, field]) => typeof field === 'number' || field === null),
        ),
        name: redaction.name(String(entry['name'])),
        place: String(entry['place']),
        priority: String(entry['priority']),
        verdict: String(entry['verdict']),
        decision: typeof entry['decision'] === 'string' ? entry['decision'] : null,
        held: entry['held'] === true,
      })),
      omitted: 0,
    };
  return { kept: value, omitted: 0 };
}

function valueAt(file: Readonly<Record<string, unknown>> | null, key: string): unknown {
  if (file === null) return undefined;
  if (key in file) return file[key];
  let at: unknown = file;
  for (const part of key.split('.')) at = isRecord(at) ? at[part] : undefined;
  return at;
}
