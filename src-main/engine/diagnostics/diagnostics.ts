/** Builds the bundle and checks it for leaks. */
import type { DiagnosticsList } from '../../contract/index.ts';
import { factoryConfig, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { tarGz } from './archive.ts';
import {
  type BundleFile,
  exitsFile,
  journalFile,
  jsonFile,
  logFiles,
  settingsFile,
  statusFile,
  versionsFile,
} from './bundle-files.ts';
import { keepLive, LIVE_ABOUT } from './live-values.ts';
import { createRedaction, type Redaction } from './redaction.ts';
import { namesOf, newestTrainRuns, previewTexts, tokenOf } from './sources.ts';

/** Previews of this many runs are searched for prompts and answers. */
const RUNS_WITH_PREVIEWS = 5;

export interface DiagnosticsRoom {
  list(names: boolean): Promise<DiagnosticsList>;
  bundle(names: boolean): Promise<{ readonly name: string; readonly bytes: Buffer }>;
}

/** Numbers and states of a running engine, by file name. */
export type Live = () => Promise<Readonly<Record<string, unknown>>>;

export interface DiagnosticsOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly home: string;
  readonly version: string;
  readonly build: string;
  /** null without a running engine. */
  readonly live: Live | null;
}

export function createDiagnostics(options: DiagnosticsOptions): DiagnosticsRoom {
  return {
    async list(names) {
      const files = await bundleFiles(options, names);
      return {
        name: bundleName(options.clock),
        names,
        files: files.map(({ path, about, text, omitted }) => ({
          path,
          about,
          bytes: Buffer.byteLength(text),
          omitted,
        })),
      };
    },
    async bundle(names) {
      const files = await bundleFiles(options, names);
      const name = bundleName(options.clock);
      const folder = name.replace('.tar.gz', '');
      const entries = files.map(({ path, text }) => ({ path: `${folder}/${path}`, text }));
      return { name, bytes: tarGz(entries, Math.floor(options.clock.now())) };
    },
  };
}

/** `nightshift-diagnostics-20260101-120000.tar.gz` */
function bundleName(clock: Clock): string {
  const time = new Date(clock.now() * 1000)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[-:]/g, '')
    .replace('T', '-');
  return `nightshift-diagnostics-${time}.tar.gz`;
}

/** Refusal NOT_READY when a file contains something that must not leave the machine. */
async function bundleFiles(
  options: DiagnosticsOptions,
  names: boolean,
): Promise<readonly BundleFile[]> {
  const { paths } = options;
  const redaction = await redactionFor(options, names);
  const files = [
    versionsFile(options),
    await settingsFile(paths, redaction),
    await statusFile(paths),
    ...(await liveFiles(options.live, redaction)),
    await exitsFile(paths, redaction),
    await journalFile(paths, redaction),
    ...(await logFiles(paths, redaction)),
  ].filter((file) => file !== null);
  for (const { path, text } of files) {
    const leak = redaction.leak(text);
    if (leak !== null)
      throw new Refusal('NOT_READY', `No bundle was created: ${path} would contain ${leak}.`, {
        subject: path,
        next: 'Nothing was saved. This is a bug in the redaction; nothing else is affected.',
      });
  }
  return files;
}

async function redactionFor(
  { paths, home }: DiagnosticsOptions,
  names: boolean,
): Promise<Redaction> {
  return createRedaction({
    home,
    workspace: paths.root,
    token: await tokenOf(paths),
    names: names ? [] : await namesOf(paths, factoryConfig.model_name),
    texts: await previewTexts(paths, (await newestTrainRuns(paths)).slice(0, RUNS_WITH_PREVIEWS)),
  });
}

async function liveFiles(live: Live | null, redaction: Redaction): Promise<BundleFile[]> {
  if (live === null) return [];
  return Object.entries(await live()).map(([name, value]) => {
    const { kept, omitted } = keepLive(name, value, redaction);
    return jsonFile(`${name}.json`, LIVE_ABOUT[name] ?? 'numbers and states', kept, omitted);
  });
}
