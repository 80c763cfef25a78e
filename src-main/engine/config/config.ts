/** The configuration of the workspace: changed, staged, locked by the open pass, and watched. */
import { type Config, type ConfigState, Refusal } from '../../contract/index.ts';
import { configValue, type Differences } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { Journal } from '../journal/index.ts';
import { watchConfigFile } from './config-watcher.ts';
import { ConfigFiles, type Reload } from './config-files.ts';
import type { ExternalCheck } from './external-checks.ts';
import type { ConfigPass, ConfigRoom, ConfigSet } from './types.ts';
import { changeText, describe, isSame, keys, resolve, text, without } from './values.ts';

export interface ConfigOptions {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Checks what a value names outside of the file. */
  readonly externalCheck?: ExternalCheck;
}

export async function createConfig(options: ConfigOptions): Promise<ConfigRoom> {
  const files = await ConfigFiles.open(options.paths);
  const config = new WorkspaceConfig(options, files);
  await config.open();
  return config;
}

class WorkspaceConfig implements ConfigRoom {
  readonly changed = new Emitter<ConfigState>();
  private readonly options: ConfigOptions;
  private readonly files: ConfigFiles;
  private pass: ConfigPass | null = null;
  private stopWatching = (): Promise<void> => Promise.resolve();

  constructor(options: ConfigOptions, files: ConfigFiles) {
    this.options = options;
    this.files = files;
    if (files.problem !== null) this.write('config.problem', files.problem, {});
  }

  async open(): Promise<void> {
    this.stopWatching = await watchConfigFile(this.options.paths, this.options.clock, () =>
      this.reload(),
    );
  }

  values(): Config {
    return this.files.values;
  }

  state(): ConfigState {
    const { values, differences, staged, problem } = this.files;
    const locks: Record<string, string> = {};
    const drift: ConfigState['drift'] = [];
    for (const key of keys.keys()) {
      const reason = this.lockReason(key);
      if (reason === null || this.pass === null) continue;
      locks[key] = reason;
      const running = configValue(this.pass.config, key);
      const file = configValue(values, key);
      if (!isSame(running, file)) drift.push({ key, running, file });
    }
    // A manual edit of a locked key waits for the next dataset, like a staged change.
    const edited = Object.fromEntries(drift.map(({ key, file }) => [key, file]));
    const allStaged = { ...edited, ...staged };
    return { values, differences: { ...differences }, locks, staged: allStaged, drift, problem };
  }

  planned(changes: Differences): Config {
    for (const key of Object.keys(changes)) describe(key);
    const { differences, staged } = this.files;
    return resolve({ ...differences, ...staged, ...changes }, Object.keys(changes)[0] ?? null);
  }

  async set({ key, value, confirm, stage, by }: ConfigSet): Promise<ConfigState> {
    const next = this.checked(key, value);
    this.requireConsent(key, confirm);
    if (!stage) this.requireUnlocked(key);
    const problem = (await this.options.externalCheck?.(key, next)) ?? null;
    if (problem !== null)
      throw new Refusal('INVALID', problem.text, { subject: key, next: problem.next });
    let report = (): void => undefined;
    await this.change(({ differences, staged }) => {
      if (stage && this.pass !== null) {
        const line = `${key} ${text(next)} is staged for the next dataset (${by}).`;
        report = () => this.write('config.staged', line, { key, value: next });
        return { staged: { ...staged, [key]: next } };
      }
      // A pass may have begun meanwhile.
      this.requireUnlocked(key);
      const before = configValue(this.values(), key);
      const line = `${changeText(key, before, next)} (${by}).`;
      report = () => this.write('config.set', line, { key, before, after: next });
      return { differences: { ...differences, [key]: next } };
    });
    report();
    return this.emitChanged();
  }

  async unstage(key: string): Promise<ConfigState> {
    await this.change(({ differences, staged }) => {
      const drifted = this.state().drift.find((drift) => drift.key === key);
      if (!(key in staged) && drifted === undefined)
        throw new Refusal('NOT_FOUND', `${key} is not staged.`, { subject: key });
      const rest = { staged: without(staged, key) };
      if (drifted === undefined) return rest;
      return { ...rest, differences: { ...differences, [key]: drifted.running } };
    });
    return this.emitChanged();
  }

  async follow(key: string, value: unknown, why: string): Promise<void> {
    let before: unknown = null;
    let wasStaged = false;
    const next = this.checked(key, value);
    await this.change(({ differences, staged }) => {
      before = configValue(this.values(), key);
      wasStaged = key in staged;
      return {
        differences: { ...differences, [key]: next },
        ...(wasStaged ? { staged: without(staged, key) } : {}),
      };
    });
    this.write('config.follow', `${changeText(key, before, next)}: ${why}.`, {
      key,
      before,
      after: next,
      staged: wasStaged,
    });
    this.emitChanged();
  }

  async freeze(): Promise<Config> {
    // What is written here must not keep a dataset from starting when nothing is staged.
    await this.reload();
    let staged: Differences = {};
    if (Object.keys(this.files.staged).length > 0)
      await this.change((now) => {
        ({ staged } = now);
        return { differences: { ...now.differences, ...staged }, staged: {} };
      });
    if (Object.keys(staged).length > 0) {
      const changes = Object.entries(staged).map(([key, value]) => `${key} ${text(value)}`);
      this.write('config.applied', `Applied staged changes: ${changes.join(', ')}.`, staged);
      this.emitChanged();
    }
    return this.values();
  }

  openPass(pass: ConfigPass | null): void {
    this.pass = pass;
    this.emitChanged();
  }

  close(): Promise<void> {
    return this.stopWatching();
  }

  /** Also takes an edit of the file that wasn't noticed yet, which the change would overwrite. */
  private change(decide: Parameters<ConfigFiles['change']>[0]): Promise<void> {
    return this.files.change(decide, (reload) => {
      this.recordReload(reload);
    });
  }

  private async reload(): Promise<void> {
    const reload = await this.files.reload();
    this.recordReload(reload);
    if (reload.kind === 'changed') await this.files.saveLastGood();
  }

  /** The journal's lines are written in the same turn: a client that sees an edit finds them. */
  private recordReload(reload: Reload): void {
    if (reload.kind === 'unchanged') return;
    if (reload.kind === 'problem') this.write('config.problem', this.files.problem ?? '', {});
    else this.recordEdits(reload.before);
    this.emitChanged();
  }

  private recordEdits(before: Config): void {
    for (const key of keys.keys()) {
      const old = configValue(before, key);
      const edited = configValue(this.values(), key);
      if (isSame(old, edited)) continue;
      const isLocked = this.lockReason(key) !== null;
      const running = text(configValue(this.pass?.config ?? this.values(), key));
      const kept = isLocked ? ` The current dataset keeps ${running}.` : '';
      this.write(
        isLocked ? 'config.drift' : 'config.file',
        `config.json was edited: ${changeText(key, old, edited)}.${kept}`,
        { key, before: old, after: edited },
      );
    }
  }

  /** Why a key can't change now; null when it can. */
  private lockReason(key: string): string | null {
    if (this.pass === null || keys.get(key)?.lock !== 'pass') return null;
    const running = text(configValue(this.pass.config, key));
    return `${key} is locked: ${this.pass.dataset} is being trained with ${running}.`;
  }

  private requireUnlocked(key: string): void {
    const reason = this.lockReason(key);
    if (reason === null) return;
    throw new Refusal('LOCKED', reason, {
      subject: key,
      next: 'Stage it for the next dataset (--stage).',
      facts: { running: text(configValue(this.pass?.config ?? this.values(), key)) },
    });
  }

  private requireConsent(key: string, confirm: string | null): void {
    const { consent } = describe(key);
    const isFirstBase = key === 'base_model' && this.values().base_model === '';
    if (consent === null || confirm === key || isFirstBase) return;
    throw new Refusal('NEEDS_CONFIRMATION', `${key}: ${consent}`, {
      subject: key,
      next: `To proceed: --confirm ${key}`,
      facts: { confirm: key },
    });
  }

  /** The value in the type of its key. Refusals INVALID, NOT_FOUND. */
  private checked(key: string, value: unknown): unknown {
    describe(key);
    const { differences, staged } = this.files;
    return configValue(resolve({ ...differences, ...staged, [key]: value }, key), key);
  }

  private emitChanged(): ConfigState {
    const state = this.state();
    this.changed.emit(state);
    return state;
  }

  private write(what: string, line: string, evidence: Differences): void {
    this.options.journal.write({ what, text: line, evidence });
  }
}
