/** A real engine in its own process over a temporary workspace, driven over HTTP. The incident tests are built on it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {
  ConfigState,
  DatasetDetails,
  DatasetSummary,
  JournalEntry,
  Setup,
  TrainingStatus,
  Version,
} from '../../src-main/contract/index.ts';
import { type Probe, waitUntil } from '../support/until.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const node = path.join(repository, 'node_modules/node/bin/node');
const engineEntry = path.join(repository, 'out/engine/engine.mjs');
export const commandLine = path.join(repository, 'out/cli/cli.mjs');

/** `waitUntil` with the patience that a real trainer needs. */
export const until = <T>(what: string, probe: Probe<T>, seconds = 120, everyMs = 100): Promise<T> =>
  waitUntil(what, probe, seconds, everyMs);

/** Settings for a test that only trains: short rows, no evaluations, previews or samples. */
export const PLAIN_TRAINING = {
  max_length: 256,
  eval_steps: 100000,
  preview_steps: 100000,
  generate_samples: 0,
  disk: { min_free_gb: 0 },
} as const;

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** Waits until a killed process is gone; a zombie counts as gone. */
export async function gone(pid: number): Promise<void> {
  const isRunning = (): boolean => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  await until(`the end of process ${String(pid)}`, () => !isRunning(), 30, 20);
}

export class EngineProcess {
  readonly workspace: string;
  readonly locks: string;
  private readonly temporary: string;
  private child: ChildProcess | null = null;
  private origin = '';
  private token = '';

  constructor(options: { readonly locks?: string } = {}) {
    this.temporary = mkdtempSync(path.join(os.tmpdir(), 'nightshift-incident-'));
    this.workspace = path.join(this.temporary, 'workspace');
    this.locks = options.locks ?? path.join(this.temporary, 'locks');
  }

  get enginePid(): number {
    return this.child?.pid ?? -1;
  }

  environment(): NodeJS.ProcessEnv {
    return { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: this.locks };
  }

  async configure(values: Record<string, unknown>): Promise<void> {
    await mkdir(this.workspace, { recursive: true });
    await writeFile(
      path.join(this.workspace, 'config.json'),
      JSON.stringify({ format: 1, ...values }, null, 2),
    );
  }

  get address(): string {
    return this.origin;
  }

  /** `port`: reuse the previous engine's port so that an open page reconnects. */
  async start(port = 20_000 + Math.floor(Math.random() * 20_000)): Promise<void> {
    await mkdir(this.locks, { recursive: true });
    const log: string[] = [];
    const child = spawn(
      node,
      [engineEntry, '--workspace', this.workspace, '--port', String(port)],
      { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.on('data', (data: Buffer) => log.push(data.toString()));
    child.stderr.on('data', (data: Buffer) => log.push(data.toString()));
    this.child = child;
    await until(
      'the engine to answer',
      async () => {
        if (child.exitCode !== null) throw new Error(`engine ended: ${log.join('')}`);
        const lock = path.join(this.workspace, '.engine.lock');
        if (!existsSync(lock)) return null;
        const text = readFileSync(lock, 'utf8');
        if (text === '') return null;
        const holder = JSON.parse(text) as { pid: number; port?: number };
        if (holder.pid !== child.pid || !holder.port) return null;
        this.origin = `http://127.0.0.1:${holder.port}`;
        this.token = (await readFile(path.join(this.workspace, '.engine.token'), 'utf8')).trim();
        return (await this.get('/engine').catch(() => null))?.status === 200;
      },
      30,
      50,
    );
  }

  async request<T>(method: string, route: string, body?: unknown): Promise<Answer<T>> {
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(`${this.origin}/api${route}`, init);
    return { status: answer.status, body: (await answer.json()) as T };
  }
  get<T>(route: string): Promise<Answer<T>> {
    return this.request('GET', route);
  }
  post<T>(route: string, body: unknown = {}): Promise<Answer<T>> {
    return this.request('POST', route, body);
  }

  async status(): Promise<TrainingStatus> {
    return (await this.get<TrainingStatus>('/status')).body;
  }
  async datasets(): Promise<DatasetSummary[]> {
    return (await this.get<DatasetSummary[]>('/datasets')).body;
  }
  async dataset(id: string): Promise<DatasetDetails> {
    return (await this.get<DatasetDetails>(`/datasets/${id}`)).body;
  }
  async journal(): Promise<JournalEntry[]> {
    return (await this.get<JournalEntry[]>('/journal?limit=1000')).body;
  }
  async versions(): Promise<Version[]> {
    return (await this.get<Version[]>('/versions')).body;
  }
  async config(): Promise<ConfigState> {
    return (await this.get<ConfigState>('/config')).body;
  }

  /** Chooses a base model and waits until it is ready. */
  async base(base: 'starter' | 'smollm2' | 'folder', folder: string | null = null): Promise<void> {
    await this.post('/setup/base', { base, folder });
    await until(
      `base ${base}`,
      async () => {
        const setup = (await this.get<Setup>('/setup')).body;
        const failed = setup.bases.find((known) => known.state === 'failed');
        if (failed) throw new Error(`base ${failed.id}: ${failed.message ?? 'failed'}`);
        return setup.chosen !== null && setup.bases.some((known) => known.state === 'ready');
      },
      300,
      300,
    );
  }

  async add(files: readonly string[], priority = 'normal'): Promise<DatasetSummary[]> {
    const answer = await this.post<{ added: DatasetSummary[]; refused: { message: string }[] }>(
      '/queue/add',
      { paths: files, priority },
    );
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.added;
  }

  /** Waits until every named dataset lies in completed/; throws as soon as one fails. */
  async completed(ids: readonly string[], seconds = 300): Promise<void> {
    await until(
      `datasets ${ids.join(', ')} completed`,
      async () => {
        const all = (await this.datasets()).filter((known) => ids.includes(known.id));
        const failed = all.find((known) => known.place === 'failed');
        if (failed) throw new Error(`${failed.name} failed: ${failed.message ?? ''}`);
        return all.length === ids.length && all.every((known) => known.place === 'completed');
      },
      seconds,
      300,
    );
  }

  async trainerPid(): Promise<number | null> {
    const { trainer } = await this.status();
    return trainer.alive ? trainer.pid : null;
  }

  kill(): void {
    this.child?.kill('SIGKILL');
  }

  /** Waits until the killed process is gone. */
  async killed(): Promise<void> {
    const { child } = this;
    await until(
      'the engine to end',
      () => child === null || child.exitCode !== null || child.signalCode !== null,
      30,
      20,
    );
  }

  /** Writes rows as JSON lines beside the workspace and returns the path. */
  async file(name: string, rows: readonly unknown[]): Promise<string> {
    const target = path.join(this.temporary, name);
    await writeFile(target, rows.map((row) => JSON.stringify(row) + '\n').join(''));
    return target;
  }

  /** Context for a failed test: status, datasets, journal, and the end of the newest runs' files. */
  async explain(): Promise<string> {
    const runs = path.join(this.workspace, 'runs');
    const tails = (existsSync(runs) ? readdirSync(runs).sort().slice(-3) : []).flatMap((run) =>
      ['stderr.log', 'stderr.txt', 'events.jsonl', 'exit.json']
        .map((name) => path.join(runs, run, name))
        .filter((file) => existsSync(file))
        .map((file) => `${file}\n${readFileSync(file, 'utf8').slice(-1500)}`),
    );
    const asked = await Promise.allSettled([this.status(), this.datasets(), this.journal()]);
    const answers = asked.map((entry) =>
      entry.status === 'fulfilled'
        ? JSON.stringify(entry.value).slice(-4000)
        : String(entry.reason),
    );
    return [...answers, ...tails].join('\n\n');
  }

  /** Kills the engine and the trainer (only pids named by this workspace) and removes the folder. */
  async end(): Promise<void> {
    const lock = path.join(this.workspace, '.trainer.lock');
    this.kill();
    await this.killed();
    if (existsSync(lock)) {
      const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
      const ours =
        existsSync(`/proc/${pid}/cmdline`) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.temporary);
      if (ours) process.kill(pid, 'SIGKILL');
    }
    await rm(this.temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  newestCheckpoint(): string {
    const root = path.join(this.workspace, 'current_model/checkpoints/main');
    const names = readdirSync(root)
      .filter((name) => /^step-\d{8}$/.test(name))
      .sort();
    const newest = names.at(-1);
    if (newest === undefined) throw new Error('no checkpoint');
    return path.join(root, newest);
  }

  /** Every line of every run's `name`, in the order of time. */
  async lines<T extends { t: number }>(
    name: 'events.jsonl' | 'metrics.jsonl',
  ): Promise<(T & { run: string })[]> {
    const runs = path.join(this.workspace, 'runs');
    const out: (T & { run: string })[] = [];
    for (const run of (await readdir(runs)).sort()) {
      const file = path.join(runs, run, name);
      if (!existsSync(file) || !run.includes('-train-')) continue;
      for (const line of (await readFile(file, 'utf8')).split('\n').slice(0, -1))
        out.push({ ...(JSON.parse(line) as T), run });
    }
    return out.sort((a, b) => a.t - b.t);
  }
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Rows of a small question/answer task in chat form; `count` rows, deterministic. */
export function questions(
  count: number,
  seed: number,
): { messages: { role: string; content: string }[] }[] {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  return Array.from({ length: count }, (_, index) => {
    const a = next(90) + 10;
    const b = next(90) + 10;
    const words = 'word '.repeat(next(25)).trim();
    return {
      messages: [
        { role: 'user', content: `Case ${seed}-${index}: ${words} how much is ${a} plus ${b}?` },
        { role: 'assistant', content: `The sum is ${a + b}.` },
      ],
    };
  });
}
