/** `config.json`, its last good copy, and the staged changes. */
import { type Config, Refusal } from '../../contract/index.ts';
import {
  configToJson,
  type Differences,
  lastGoodOf,
  readConfigText,
  readWithFallback,
  resolveConfig,
  stagedConfigFile,
  withoutFactoryValues,
  writeWithLastGood,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createSerializer,
  jsonText,
  readTextNow,
  replaceAtOnce,
  replaceUnchanged,
  unlessTemporary,
  writeJson,
} from '../../kit/index.ts';

/** An editor that empties the file before it writes it is given the time to do so. */
const EDITOR_READS = 5;
const EDITOR_MS = 50;
const TRIES = 3;

/** The user's differences from the factory values, and those that wait for the next dataset. */
export interface ConfigChange {
  readonly differences: Differences;
  readonly staged: Differences;
}

export type Reload =
  | { readonly kind: 'changed'; readonly before: Config }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'problem' };

export class ConfigFiles {
  differences: Differences = {};
  values: Config = resolveConfig({});
  staged: Differences = {};
  /** Why config.json can't be used; the last good values stay in force. */
  problem: string | null = null;
  private readonly paths: WorkspacePaths;
  /** Of config.json when it was read or written last; null: there was none. */
  private content: string | null = null;
  /** Reloads, saves and stagings, one after another: each change starts from the result of the last. */
  private readonly tasks = createSerializer();

  static async open(paths: WorkspacePaths): Promise<ConfigFiles> {
    const files = new ConfigFiles(paths);
    await files.readStaged();
    if ((await files.reload()).kind === 'problem') files.useLastGood();
    else await files.saveLastGood();
    return files;
  }

  private constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  reload(): Promise<Reload> {
    return this.tasks.run(() => this.readConfig());
  }

  /**
   * Applies a change to what the files say now, an edit that nobody noticed yet included. `decide`
   * may throw; then nothing is written. Refusal INVALID while config.json can't be read: it is never
   * overwritten then.
   */
  change(
    decide: (now: ConfigChange) => Partial<ConfigChange>,
    onEdit: (reload: Reload) => void,
  ): Promise<void> {
    return this.tasks.run(async () => {
      for (let attempt = 1; ; attempt += 1) {
        await this.awaitEditor();
        // From here to the rename of the last try nothing else of this process runs.
        onEdit(this.readConfig());
        const { differences, staged } = decide({
          differences: this.differences,
          staged: this.staged,
        });
        if (differences !== undefined && !(await this.writeConfig(differences, attempt))) continue;
        if (staged !== undefined) await this.writeStaged(staged);
        return;
      }
    });
  }

  saveLastGood(): Promise<void> {
    return this.tasks.run(() => this.writeLastGood());
  }

  private async writeStaged(staged: Differences): Promise<void> {
    await writeWithLastGood(
      this.paths.stagedConfig,
      stagedConfigFile.toJson({ staged: { ...staged } }),
    );
    this.staged = staged;
  }

  private readConfig(): Reload {
    try {
      const { content, differences, values } = read(this.paths.config);
      this.content = content;
      const isUnchanged = JSON.stringify(differences) === JSON.stringify(this.differences);
      if (isUnchanged && this.problem === null) return { kind: 'unchanged' };
      const before = this.values;
      this.differences = differences;
      this.values = values;
      this.problem = null;
      return { kind: 'changed', before };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const problem = `${message} The last good values stay in force.`;
      if (problem === this.problem) return { kind: 'unchanged' };
      this.problem = problem;
      return { kind: 'problem' };
    }
  }

  private async awaitEditor(): Promise<void> {
    for (let reads = 1; reads < EDITOR_READS && this.problem === null; reads += 1)
      try {
        read(this.paths.config);
        return;
      } catch {
        await sleep(EDITOR_MS);
      }
  }

  /** False when somebody else wrote the file since it was read. */
  private async writeConfig(wanted: Differences, attempt: number): Promise<boolean> {
    const { config } = this.paths;
    if (this.problem !== null)
      throw new Refusal('INVALID', this.problem, {
        subject: config,
        next: `Fix ${config} or move it away; it is not overwritten.`,
      });
    const differences = withoutFactoryValues(wanted);
    const values = resolveConfig(differences);
    const content = jsonText(configToJson(differences));
    // A program that writes all the time would otherwise always be first.
    if (attempt >= TRIES) replaceAtOnce(config, content);
    else if (!(await replaceUnchanged(config, this.content, content))) return false;
    this.content = content;
    this.differences = differences;
    this.values = values;
    await this.writeLastGood();
    return true;
  }

  private async readStaged(): Promise<void> {
    const file = this.paths.stagedConfig;
    const options = { file, format: stagedConfigFile, lastGood: lastGoodOf(file) };
    const recovered = await readWithFallback(options).catch(unlessTemporary(null));
    this.staged = recovered?.value?.staged ?? {};
  }

  private useLastGood(): void {
    const copy = readOrNothing(this.paths.lastGoodConfig);
    this.differences = copy?.differences ?? {};
    this.values = copy?.values ?? resolveConfig({});
  }

  /** A copy that can't be written is only missed once config.json is damaged: the change holds. */
  private writeLastGood(): Promise<void> {
    const { lastGoodConfig } = this.paths;
    return writeJson(lastGoodConfig, configToJson(this.differences)).catch(() => undefined);
  }
}

function readOrNothing(file: string): Reading | null {
  try {
    return read(file);
  } catch (error) {
    return unlessTemporary(null)(error);
  }
}

interface Reading extends Pick<ConfigChange, 'differences'> {
  readonly content: string | null;
  readonly values: Config;
}

/** Throws with what is wrong, and where. No differences when the file doesn't exist. */
function read(file: string): Reading {
  const content = readTextNow(file);
  if (content === null) return { content, differences: {}, values: resolveConfig({}) };
  const reading = readConfigText(content, file);
  if (reading.ok) return { content, ...reading.value };
  const next = reading.reason === 'newer_format' ? ' Open the workspace with that version.' : '';
  throw new Error(`${reading.problem.replace(/\.$/, '')}.${next}`);
}
