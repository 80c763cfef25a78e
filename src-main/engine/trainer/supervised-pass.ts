/** What is known about the pass under supervision, over all of its runs. */
import type { Crash } from '../../contract/index.ts';
import type { CommandVerb, EventOf, LiveSettings, RunEvent } from '../../formats/index.ts';
import { liveSettingsOf } from './live-settings.ts';
import { MAX_UNSAVED_SECONDS, requestedHaltAfter, saveSecondsAfterKill } from './restart-rules.ts';
import type { Halt, PassRequest } from './types.ts';

export interface Recovery {
  readonly crash: Crash & { readonly message: string };
  /** When training stopped: the first of several crashes in a row. */
  readonly since: number;
  readonly attempt: number;
  /** Attempts before the dataset fails; null: a kill from outside never fails it. */
  readonly limit: number | null;
}

export class SupervisedPass {
  readonly request: PassRequest;
  /** Restarts since the last new checkpoint. */
  attempts = 0;
  /** Of these, after kills from outside, which never end the pass. */
  kills = 0;
  /** The trainer saves at the latest after this time, however long `save_steps` takes. */
  saveSeconds: number = MAX_UNSAVED_SECONDS;
  /** When this run began its steps; null: it has not, or has saved since. */
  private unsavedSince: number | null = null;
  readonly failedPositions: (number | null)[] = [];
  /** Step of the newest checkpoint; 0 when there is none. */
  savedStep: number;
  stepsDone: number | null = null;
  device: string | null = null;
  /** From a crash until training resumes. */
  recovery: Recovery | null = null;
  isHangSuspected = false;
  isHangKilled = false;
  /** The last save, if it failed. */
  saveFailure: EventOf<'checkpoint_failed'> | null = null;
  /** A trainer that crashes while it is about to halt is not restarted. */
  requestedHalt: Halt | null = null;
  /** Tokens in memory at a time after the GPU ran out of memory; null: as usual. */
  microBatchTokens: number | null = null;
  /** What the trainer was last told of the settings that are not frozen. */
  liveSettings: LiveSettings;
  cancelRestart: (() => void) | null = null;

  constructor(request: PassRequest) {
    this.request = request;
    this.liveSettings = liveSettingsOf(request.config);
    this.savedStep = request.lineage.headStep ?? 0;
  }

  get dataset(): PassRequest['dataset'] {
    return this.request.dataset;
  }

  command(verb: CommandVerb): void {
    this.requestedHalt = requestedHaltAfter(verb, this.requestedHalt);
  }

  /** A new run of the pass has been launched. */
  startRun(): void {
    this.isHangSuspected = false;
    this.isHangKilled = false;
    this.saveFailure = null;
    this.unsavedSince = null;
  }

  /** The run was killed from outside before it could save a step. */
  saveEarlier(now: number): void {
    if (this.unsavedSince === null) return;
    this.saveSeconds = saveSecondsAfterKill(now - this.unsavedSince, this.saveSeconds);
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        this.device = event.device ?? this.device;
        break;
      case 'out_of_memory':
      case 'memory_regained':
        this.microBatchTokens = event.tokens_to ?? this.microBatchTokens;
        break;
      case 'finished':
        this.stepsDone = event.steps_done;
        break;
      case 'checkpoint_failed':
        this.saveFailure = event;
        break;
      case 'resumed':
        this.unsavedSince = event.t;
        break;
      case 'checkpoint':
        this.saveFailure = null;
        this.unsavedSince = null;
        if (event.step <= this.savedStep) break;
        this.savedStep = event.step;
        // Training got past whatever made it restart.
        this.attempts = 0;
        this.kills = 0;
        break;
      default:
    }
  }
}
