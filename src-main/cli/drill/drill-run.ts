/** What the exercises of a drill share: the engine of the temporary workspace, and waiting. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TrainingStatus } from '../../contract/index.ts';
import type { EngineClient } from '../connection.ts';
import { type Identity, identityOf, isAlive, signalGroup } from '../../kit/identity.ts';
import type { Session } from '../session.ts';
import { startTemporaryEngine, type TemporaryEngine } from '../temporary-engine.ts';

const POLL_MS = 100;
/** For ten steps and a checkpoint; a busy machine needs several seconds a step. */
const STEPS_SECONDS = 180;
export const BY_DRILL = 'drill';

/** A fault did not end as promised; the message says what was seen. */
export class Unexpected extends Error {}

export class DrillRun {
  readonly session: Session;
  /** On a small file system of its own, so that the disk can be filled. */
  readonly isDiskSmall: boolean;
  private engine: TemporaryEngine | null = null;
  private trainer: Identity | null = null;

  constructor(session: Session, isDiskSmall: boolean) {
    this.session = session;
    this.isDiskSmall = isDiskSmall;
  }

  get client(): EngineClient {
    if (this.engine === null) throw new Error('The engine of the drill is not running.');
    return this.engine.connection.client;
  }

  async startEngine(): Promise<void> {
    // Locks of its own: the drill trains on the CPU beside whatever is being trained.
    const locks = path.join(this.session.workspace, 'device-locks');
    const environment = { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: locks };
    this.engine = await startTemporaryEngine(this.session, BY_DRILL, environment);
  }

  async killEngine(): Promise<void> {
    await this.engine?.kill();
    this.engine = null;
  }

  async end(): Promise<void> {
    await this.engine?.stop();
    this.engine = null;
    // An exercise that failed while no engine ran leaves its trainer behind.
    if (this.trainer !== null && isAlive(this.trainer)) signalGroup(this.trainer, 'SIGKILL');
  }

  async status(): Promise<TrainingStatus> {
    const status = await this.client.status.get();
    const { pid, alive } = status.trainer;
    if (alive && pid !== null && pid !== this.trainer?.pid) this.trainer = identityOf(pid);
    return status;
  }

  /** Throws Unexpected when the time is up, and on Ctrl-C. */
  async until<T>(
    what: string,
    seconds: number,
    probe: () => Promise<T | null | undefined | false>,
  ): Promise<T> {
    const end = this.session.now() + seconds;
    for (;;) {
      this.session.signal.throwIfAborted();
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
      if (this.session.now() > end)
        throw new Unexpected(`${what}: not within ${String(seconds)} s.`);
      await wait(POLL_MS);
    }
  }

  /** Waits until a trainer has done the step. */
  trained(step: number, seconds = STEPS_SECONDS): Promise<TrainingStatus> {
    return this.until(`Training reaches step ${String(step)}`, seconds, async () => {
      const status = await this.status();
      return status.state === 'training' && (status.current_step ?? 0) >= step ? status : null;
    });
  }

  /** Waits until training is `steps` past its newest checkpoint. */
  pastCheckpoint(steps: number): Promise<TrainingStatus> {
    return this.until(`${String(steps)} steps after a checkpoint`, STEPS_SECONDS, async () => {
      const status = await this.status();
      const ahead = (status.current_step ?? 0) - (status.last_checkpoint_step ?? 0);
      const isPast = status.state === 'training' && ahead >= steps;
      return isPast && status.last_checkpoint_step !== null ? status : null;
    });
  }

  async newestCheckpoint(branch: string): Promise<string> {
    const folder = this.session.paths.checkpoints(branch);
    const newest = (await readdir(folder)).filter((name) => /^\D*\d+$/.test(name)).sort();
    const name = newest.at(-1);
    if (name === undefined) throw new Unexpected(`No checkpoint in ${folder}.`);
    return path.join(folder, name);
  }

  async stopTraining(): Promise<void> {
    await this.client.training.stop({ now: true, by: BY_DRILL });
    await this.until('Training stops', 60, async () => !(await this.status()).trainer.alive);
  }
}

/** `4.2 s`. Pure. */
export const seconds = (value: number): string => `${value.toFixed(1)}\u00a0s`;
