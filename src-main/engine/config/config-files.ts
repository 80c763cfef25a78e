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
import { createSerializer, readRegularText, writeJson } from '../../kit/index.ts';

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
  /** A reload during a save would read the file before it, and bring the old values back. */
  private readonly tasks = createSerializer();

  static async open(paths: WorkspacePaths): Promise<ConfigFiles> {
    const files = new ConfigFiles(paths);
    await files.readStaged();
    if ((await files.reload()).kind === 'problem') await files.useLastGood();
    else await files.saveLastGood();
    return files;
  }

  private constructor(paths: WorkspacePaths) {
    this.paths = paths;
  }

  reload(): Promise<Reload> {
    return this.tasks.run(() => this.readConfig());
  }

  /** Refusal INVALID while config.json can't be read: it is never overwritten then. */
  save(differences: Differences): Promise<void> {
    return this.tasks.run(() => this.writeConfig(differences));
  }

  /** A copy that can't be written is only missed once config.json is damaged. */
  async saveLastGood(): Promise<void> {
    await this.writeLastGood().catch(() => undefined);
  }

  async stage(staged: Differences): Promise<void> {
    this.staged = staged;
    await writeWithLastGood(
      this.paths.stagedConfig,
      stagedConfigFile.toJson({ staged: { ...staged } }),
    );
  }

  private async readConfig(): Promise<Reload> {
    try {
      const { differences, values } = await read(this.paths.config);
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

  private async writeConfig(differences: Differences): Promise<void> {
    const { config } = this.paths;
    if (this.problem !== null)
      throw new Refusal('INVALID', this.problem, {
        subject: config,
        next: `Fix ${config} or move it away; it is not overwritten.`,
      });
    this.differences = withoutFactoryValues(differences);
    this.values = resolveConfig(this.differences);
    await writeJson(config, configToJson(this.differences));
    await this.writeLastGood();
  }

  private async readStaged(): Promise<void> {
    const file = this.paths.stagedConfig;
    const options = { file, format: stagedConfigFile, lastGood: lastGoodOf(file) };
    const recovered = await readWithFallback(options).catch(() => null);
    this.staged = recovered?.value?.staged ?? {};
  }

  private async useLastGood(): Promise<void> {
    const copy = await read(this.paths.lastGoodConfig).catch(() => null);
    this.differences = copy?.differences ?? {};
    this.values = copy?.values ?? resolveConfig({});
  }

  private writeLastGood(): Promise<void> {
    return writeJson(this.paths.lastGoodConfig, configToJson(this.differences));
  }
}

/** Throws with what is wrong, and where. No differences when the file doesn't exist. */
async function read(file: string): Promise<{ differences: Differences; values: Config }> {
  const content = await readRegularText(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (content === null) return { differences: {}, values: resolveConfig({}) };
  const reading = readConfigText(content, file);
  if (reading.ok) return reading.value;
  const next = reading.reason === 'newer_format' ? ' Open the workspace with that version.' : '';
  throw new Error(`${reading.problem.replace(/\.$/, '')}.${next}`);
}
