/** What the estimate module offers to the rest of the engine. */
import type {
  Config,
  EstimateAnswer,
  EstimateRecord,
  KeptEstimate,
  OverLongAnswer,
} from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { TimeLeft } from './left.ts';

/** A pass that the queue is about to start. */
export interface NewPass {
  readonly pass: string;
  readonly dataset: string;
  readonly config: Config;
  readonly steps: number;
}

export interface EstimateRoom {
  readonly changed: Emitter<void>;
  /** `dataset` null: the next one. Refusals NOT_READY, NOT_FOUND, INVALID. */
  estimate(input: {
    readonly changes: Readonly<Record<string, unknown>>;
    readonly dataset: string | null;
  }): Promise<EstimateAnswer>;
  /** What each way to handle too long rows costs. Refusals NOT_FOUND, NOT_READY. */
  overLong(id: string): Promise<OverLongAnswer>;
  /** Of a waiting dataset, at once; null while unknown. */
  secondsOf(id: string): number | null;
  /** Of the dataset in training, with its evaluations and saves; null before the third step. */
  left(live: { readonly id: string; readonly done: number } | null): TimeLeft | null;
  record(): EstimateRecord;
  kept(dataset: string): Promise<KeptEstimate | null>;
  /** Stores the estimate of a pass before its first run. Never rejects: an error doesn't delay training. */
  begin(pass: NewPass): Promise<void>;
  /** Compares the estimate of a finished pass with what it took, and journals that. Never rejects. */
  settle(dataset: { readonly id: string; readonly name: string }, pass: string): Promise<void>;
  close(): void;
}
