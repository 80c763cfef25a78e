/**
 * The warm intake worker: one Python process that validates file after file. Its death is that of the
 * run that was in it; the next run starts another one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { type IntakeAnswer, intakeAnswer } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { type Identity, signalGroup } from '../../kit/identity.ts';
import { environmentFor, startedIdentity } from './launch.ts';
import type { PythonFacts } from './types.ts';
import { openAppendSync } from '../../kit/regular-file.ts';

/** Beyond it the worker is replaced before the next file. */
const MAX_RSS_BYTES = 400 * 1024 * 1024;
/** An idle worker gives its memory back after this time. */
const IDLE_SECONDS = 60;
const READY_SECONDS = 120;

/** How the process of a run ended, where it ended before it answered. */
export interface HostExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface HostOptions {
  readonly python: PythonFacts;
  readonly clock: Clock;
  /** For what the process writes outside of a run. */
  readonly folder: string;
  /** Base model that it has read; another one needs another process. */
  readonly base: string;
  /** Above it, the process refuses an allocation. */
  readonly memoryBytes: number;
}

export class IntakeHost {
  readonly base: string;
  readonly identity: Identity;
  readonly ended: Promise<HostExit>;
  private readonly child: ChildProcess;
  private readonly clock: Clock;
  private answered: ((answer: IntakeAnswer) => void) | null = null;
  private isFinished = false;
  private rss = 0;
  private cancelIdle = (): void => undefined;

  private constructor(child: ChildProcess, options: HostOptions) {
    this.child = child;
    this.base = options.base;
    this.clock = options.clock;
    const pid = child.pid ?? -1;
    this.identity = startedIdentity(child, pid);
    this.ended = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        this.isFinished = true;
        this.cancelIdle();
        resolve({ exitCode, signal });
      });
    });
    if (child.stdout !== null)
      readline.createInterface({ input: child.stdout }).on('line', (line) => {
        const answer = intakeAnswer.parseLine(line);
        if (answer === null) return;
        this.rss = answer.rss_bytes;
        if (answer.ends) this.isFinished = true;
        this.answered?.(answer);
      });
    // A process that just died closes the pipe; its exit tells more than the error here.
    child.stdin?.on('error', () => undefined);
  }

  /** Null when the process ends before it is ready; then each file gets its own process. */
  static async start(options: HostOptions): Promise<IntakeHost | null> {
    mkdirSync(options.folder, { recursive: true });
    const log = openAppendSync(path.join(options.folder, 'intake-worker.log'));
    ftruncateSync(log);
    let child: ChildProcess;
    try {
      child = spawn(options.python.executable, ['-m', 'nightshift_trainer', '--serve'], {
        cwd: options.folder,
        detached: true,
        stdio: ['pipe', 'pipe', log],
        env: environmentFor('intake', process.env, options.python, options.memoryBytes),
        windowsHide: true,
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
    } catch {
      return null;
    } finally {
      closeSync(log);
    }
    const host = new IntakeHost(child, options);
    let cancel = (): void => undefined;
    const isReady = await Promise.race([
      new Promise<boolean>((resolve) => {
        host.answered = () => {
          resolve(true);
        };
      }),
      host.ended.then(() => false),
      new Promise<boolean>((resolve) => {
        cancel = options.clock.after(READY_SECONDS, () => {
          resolve(false);
        });
      }),
    ]);
    cancel();
    host.answered = null;
    if (isReady) return host;
    host.kill();
    return null;
  }

  /** It can take another run, and hasn't grown too large. */
  get isUsable(): boolean {
    return !this.isFinished && this.rss < MAX_RSS_BYTES;
  }

  /** Resolves when the run is done: null, or how the process ended before that. */
  run(folder: string): Promise<HostExit | null> {
    this.cancelIdle();
    const done = new Promise<null>((resolve) => {
      this.answered = (answer) => {
        if (answer.folder === folder) resolve(null);
      };
    });
    this.child.stdin?.write(`${JSON.stringify({ folder })}\n`);
    return Promise.race([done, this.ended]).finally(() => {
      this.answered = null;
      if (!this.isFinished)
        this.cancelIdle = this.clock.after(IDLE_SECONDS, () => {
          this.end();
        });
    });
  }

  /** After the run in it; used between runs. */
  end(): void {
    this.isFinished = true;
    this.cancelIdle();
    this.child.stdin?.end();
  }

  kill(): void {
    this.isFinished = true;
    this.cancelIdle();
    signalGroup(this.identity, 'SIGKILL');
  }
}
