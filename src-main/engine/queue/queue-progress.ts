/** What the parts of the queue share, and what they report. */
import type { DatasetSummary, Version } from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { PassOutcome, TrainerRoom } from '../trainer/index.ts';
import type { DesiredStateStore } from './desired-state.ts';
import type { OpenPass, Passes } from './passes.ts';
import type { PassOptions } from './pass-options.ts';

export interface QueueOptions extends Omit<PassOptions, 'beginLineage' | 'onRecovered'> {
  readonly trainer: TrainerRoom;
  readonly failed: (where: string, error: unknown) => void;
}

/** Starts lineages. The restore room, which needs the queue to exist first. */
export interface LineageOpener {
  /**
   * Keeps the current model and starts a new lineage from this base; asks the queue to stand still
   * meanwhile. Throws a Refusal.
   */
  openLineage(base: string): Promise<unknown>;
}

/** The machine was not ready at the last attempt. */
export interface NotReady {
  readonly category: string;
  readonly message: string;
  readonly t: number;
  readonly attempt: number;
  readonly until: number;
}

/** The device is in use by another trainer. */
export interface DeviceWait {
  /** `waiting for cuda:0, held by pid 7 of workspace /w`. */
  readonly reason: string;
  readonly since: number;
  /** Not looked at before this time: a trainer found the device in use although it looked free. */
  readonly until: number;
}

/** What is worth a notice. */
export type QueueNews =
  | {
      readonly kind: 'done';
      readonly dataset: DatasetSummary;
      readonly version: Version | null;
      readonly planned: number;
      readonly done: number;
      readonly next: string | null;
    }
  | {
      readonly kind: 'failed';
      readonly dataset: DatasetSummary;
      readonly reason: string;
      readonly next: string | null;
    }
  | {
      readonly kind: 'quarantined';
      readonly name: string;
      readonly count: number;
      readonly why: string;
    }
  | { readonly kind: 'recovered'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'not_ready';
      readonly category: string;
      readonly message: string;
      readonly step: number | null;
    }
  | {
      readonly kind: 'empty';
      readonly datasets: number;
      readonly failed: number;
      readonly since: number;
      readonly step: number | null;
    };

export interface QueueProgress {
  open: OpenPass | null;
  /** A trainer runs or is being restarted. */
  isSupervising: boolean;
  notReady: NotReady | null;
  deviceWait: DeviceWait | null;
  /** Why no pass begins, and since when. */
  waiting: { readonly why: string; readonly since: number } | null;
}

export interface QueueParts {
  readonly options: QueueOptions;
  readonly progress: QueueProgress;
  readonly desiredState: DesiredStateStore;
  readonly passes: Passes;
  /** After an outcome has been applied to its dataset. */
  readonly settled: Emitter<PassOutcome>;
  readonly news: Emitter<QueueNews>;
  readonly notifyChanged: () => void;
  /** Ends a pass that no trainer works on. */
  readonly skip: (open: OpenPass) => Promise<void>;
  /** Starts what can be started now. */
  readonly tick: () => Promise<void>;
}

/** The phase of a live trainer; null when there is none, or before its first heartbeat. */
export function phaseOf(trainer: TrainerRoom): string | null {
  const view = trainer.view();
  return view.alive ? (view.heartbeat?.phase ?? null) : null;
}

/** The step of a live trainer; null while it loads and its starting step is unknown. */
export function stepOf(trainer: TrainerRoom): number | null {
  const { alive, heartbeat } = trainer.view();
  return alive && heartbeat !== null && heartbeat.phase !== 'load' ? heartbeat.step : null;
}
