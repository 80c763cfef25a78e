/** What the parts of the queue share: where it stands right now. Only this room writes it. */
import type { DatasetSummary, Version } from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { PassOutcome, TrainerRoom } from '../trainer/index.ts';
import type { DesiredStateStore } from './desired-state.ts';
import type { OpenPass, Passes, PassesOptions } from './passes.ts';

export interface QueueOptions extends Omit<PassesOptions, 'beginLineage'> {
  readonly trainer: TrainerRoom;
  readonly failed: (where: string, error: unknown) => void;
}

/** Starts a new lineage; asks the queue to stand still meanwhile. The restore room implements it. */
export interface LineageOpener {
  /** Keeps the current model as a version and a backup. Throws a Refusal. */
  openLineage(base: string): Promise<void>;
}

/** The machine was not ready at the last attempt. */
export interface NotReady {
  readonly category: string;
  readonly message: string;
  readonly t: number;
  readonly attempt: number;
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
      readonly why: string;
    }
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

export interface Standing {
  open: OpenPass | null;
  /** A trainer runs or is being brought back. */
  isSupervising: boolean;
  notReady: NotReady | null;
  /** Why nothing begins, and since when. */
  why: { readonly why: string; readonly since: number } | null;
}

export interface QueueParts {
  readonly o: QueueOptions;
  readonly now: Standing;
  readonly desiredState: DesiredStateStore;
  readonly passes: Passes;
  readonly settled: Emitter<PassOutcome>;
  readonly news: Emitter<QueueNews>;
  /** Something is shown differently. */
  readonly tell: () => void;
  readonly tick: () => Promise<void>;
}

/** The phase of a live trainer; null when none lives or none beat yet. */
export function phaseOf(trainer: TrainerRoom): string | null {
  const view = trainer.view();
  return view.alive ? (view.heartbeat?.phase ?? null) : null;
}

/** The branch step of a live trainer; null while it loads, when it does not know yet where it continues. */
export function stepOf(trainer: TrainerRoom): number | null {
  const { alive, heartbeat } = trainer.view();
  return alive && heartbeat !== null && heartbeat.phase !== 'load' ? heartbeat.step : null;
}
