/** Which events of the trainer become a notice. */
import path from 'node:path';
import type { EventOf, RunEvent } from '../../formats/index.ts';
import * as messages from './messages.ts';

export interface EventNoticesOptions {
  readonly notify: (text: messages.NoticeText) => void;
  /** Dismisses what was said about a condition that ended. */
  readonly resolve: (condition: string) => void;
  /** Runs with the step of the newest checkpoint; null: there is none. */
  readonly withCheckpoint: (where: string, run: (saved: number | null) => void) => void;
  readonly currentStep: () => number | null;
  readonly datasetName: (id: string) => string;
  /** Effective batch size of the open pass. */
  readonly batchSize: () => number;
}

export class EventNotices {
  private readonly options: EventNoticesOptions;
  /** The message of the crash that training recovers from. */
  private cause: string | null = null;
  /** Reported once, until a checkpoint is saved again. */
  private isSavingPaused = false;

  constructor(options: EventNoticesOptions) {
    this.options = options;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'crashed':
        this.cause = event.message;
        break;
      case 'restarted':
        this.onRestarted(event);
        break;
      case 'hang_killed':
        this.onHang(event);
        break;
      case 'checkpoint_failed':
        this.onSaveFailed(event);
        break;
      case 'checkpoint':
        this.isSavingPaused = false;
        this.options.resolve(messages.CONDITIONS.unsaved);
        break;
      default:
        this.onTrainingEvent(event);
    }
  }

  private onTrainingEvent(event: RunEvent): void {
    const { notify, datasetName, batchSize } = this.options;
    switch (event.type) {
      case 'checkpoint_skipped':
        notify(messages.checkpointDamaged(path.basename(event.folder), event.reason));
        break;
      case 'cache_rebuilt': {
        const { dataset, files } = event;
        notify(messages.cacheRebuilt(dataset === null ? null : datasetName(dataset), files));
        break;
      }
      case 'orphaned_steps':
        notify(messages.stepsLost(datasetName(event.dataset), event.steps));
        break;
      case 'non_finite':
        notify(messages.stepNotFinite(event.step, event.what, event.rows));
        break;
      case 'weights_not_finite':
        notify(messages.weightsNotFinite(event.step, event.saved));
        break;
      case 'out_of_memory':
        notify(messages.outOfMemory(event, batchSize()));
        break;
      default:
    }
  }

  private onRestarted({ seconds, step, lost_steps: lost }: EventOf<'restarted'>): void {
    const cause = this.cause ?? 'the trainer crashed';
    this.cause = null;
    this.options.resolve(messages.CONDITIONS.hang);
    this.options.notify(messages.recovered({ seconds, cause, step, lost }));
  }

  private onHang({ age_s }: EventOf<'hang_killed'>): void {
    const step = this.options.currentStep();
    this.options.withCheckpoint('hang', (saved) => {
      this.options.notify(messages.hang(step, age_s, saved));
    });
  }

  private onSaveFailed(event: EventOf<'checkpoint_failed'>): void {
    if (this.isSavingPaused) return;
    this.isSavingPaused = true;
    const { step, reason, free_bytes: free, needed_bytes: needed } = event;
    this.options.withCheckpoint('save', (saved) => {
      // It may have been saved while the checkpoints were listed.
      if (this.isSavingPaused)
        this.options.notify(messages.savingPaused({ step, saved, reason, free, needed }));
    });
  }
}
