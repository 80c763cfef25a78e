/** Launches the built application on the test runtime, each time with its own folders. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { DesktopSession } from './desktop-session.ts';
import { found, node24, root, shimPath } from './runtime.ts';

export { found, node24, root } from './runtime.ts';

export function buildParts(): void {
  for (const part of ['engine', 'renderer', 'desktop']) {
    const answer = spawnSync(node24, [join(root, 'scripts/build.mjs'), '--only', part], {
      encoding: 'utf8',
    });
    if (answer.status !== 0) throw new Error(answer.stderr + answer.stdout);
  }
}

/** Polls until `read` returns a value other than null, undefined and false. */
export async function until<T>(
  read: () => T | Promise<T>,
  what: string,
  limitMs = 10_000,
): Promise<NonNullable<T>> {
  for (const end = Date.now() + limitMs; ;) {
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${String(limitMs / 1000)} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

export interface Launched {
  readonly app: ElectronApplication;
  readonly pid: number;
  readonly page: Page;
}

/** A desktop session, a workspace and the folders of the application; removed by `clear`. */
export class Scenario {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightshift-desktop-'));
  readonly workspace = join(this.folder, 'workspace');
  readonly userData = join(this.folder, 'user-data');
  readonly temporary = join(this.folder, 'tmp');
  readonly session: DesktopSession;
  readonly extra: Readonly<Record<string, string>>;
  private readonly pids: (number | undefined)[] = [];

  private constructor(session: DesktopSession, extra: Readonly<Record<string, string>>) {
    this.session = session;
    this.extra = extra;
    for (const name of [this.workspace, this.userData, this.temporary]) mkdirSync(name);
  }

  static async begin(extra: Readonly<Record<string, string>> = {}): Promise<Scenario> {
    return new Scenario(await DesktopSession.start(), extra);
  }

  environment(): Record<string, string> {
    const env = {
      ...process.env,
      ...this.session.env,
      NIGHTSHIFT_NODE: node24,
      NIGHTSHIFT_WORKSPACE: this.workspace,
      NIGHTSHIFT_DEVICE_LOCKS: join(this.folder, 'locks'),
      TMPDIR: this.temporary,
      ...this.extra,
    };
    return Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  private arguments(more: readonly string[]): string[] {
    const shim = found.runtime !== null && found.runtime.major < 45 ? ['-r', shimPath] : [];
    return ['--disable-gpu', `--user-data-dir=${this.userData}`, ...shim, root, ...more];
  }

  /**
   * Without executablePath, Playwright uses the package `electron` and its loader delays `ready`
   * until it is connected.
   */
  async launch(...more: string[]): Promise<Launched> {
    const app = await _electron.launch({
      args: this.arguments(more),
      env: this.environment(),
      cwd: root,
      timeout: 30_000,
    });
    this.pids.push(app.process().pid);
    if (process.env['VERBOSE'] !== undefined) {
      app.process().stdout?.on('data', (data: unknown) => process.stderr.write(String(data)));
      app.process().stderr?.on('data', (data: unknown) => process.stderr.write(String(data)));
    }
    return { app, pid: app.process().pid ?? 0, page: await app.firstWindow() };
  }

  /** A second launch, as from a file manager; resolves to its exit code. */
  async launchAgain(...more: string[]): Promise<number | null> {
    const electron = join(
      found.runtime?.folder ?? join(root, 'node_modules/electron/dist'),
      'electron',
    );
    const args = ['--no-sandbox', ...this.arguments(more)];
    const child = spawn(electron, args, {
      env: this.environment(),
      cwd: this.folder,
      stdio: 'ignore',
    });
    return new Promise((resolve, fail) => {
      child.once('exit', resolve);
      child.once('error', fail);
    });
  }

  /** The pid of the engine that holds the workspace. */
  engine(): number | null {
    const lock = join(this.workspace, '.engine.lock');
    if (!existsSync(lock)) return null;
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    return isRunning(pid) ? pid : null;
  }

  async clear(): Promise<void> {
    const locks = ['.engine.lock', '.trainer.lock']
      .map((lock) => join(this.workspace, lock))
      .filter((path) => existsSync(path))
      .map((path) => (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid);
    const pids = [...this.pids, ...locks];
    for (const pid of pids) kill(pid);
    await until(
      () => !pids.some((pid) => pid !== undefined && isRunning(pid)),
      'the killed processes to end',
    );
    this.session.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

export function kill(pid: number | undefined): void {
  if (pid !== undefined && isRunning(pid)) process.kill(pid, 'SIGKILL');
}

/**
 * Waits for the process to exit, not for its pipes to close: a running engine may keep Playwright's
 * pipes open.
 */
export async function ended({ pid }: Launched): Promise<void> {
  await until(() => !isRunning(pid), 'the application to end');
}

/** The page has a live feed from an engine. */
export async function connected(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.documentElement.dataset['connection'] === 'live',
    null,
    { polling: 20, timeout: 15_000 },
  );
}

/** Answers all following dialogs with `response` and records them in `globalThis.asked`. */
export async function answerDialogs(app: ElectronApplication, response: number): Promise<void> {
  await app.evaluate(({ dialog }, chosen) => {
    const kept = globalThis as { asked?: unknown[] };
    kept.asked ??= [];
    dialog.showMessageBox = (...parts: unknown[]) => {
      kept.asked?.push(parts.at(-1));
      return Promise.resolve({ response: chosen, checkboxChecked: false });
    };
  }, response);
}

export interface Asked {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}
export const asked = (app: ElectronApplication): Promise<readonly Asked[]> =>
  app.evaluate(() => (globalThis as { asked?: unknown[] }).asked ?? []) as Promise<Asked[]>;
