/** What goes through the trainer's door. The files behind these shapes are described in docs/protocol.md. */
import type { Config } from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';

export interface PythonFacts {
  readonly executable: string;
  /** Holds the package nightshift_trainer. */
  readonly packageFolder: string;
}

export interface PassRequest {
  readonly pass: { readonly id: string; readonly plannedSteps: number };
  readonly dataset: {
    readonly id: string;
    readonly folder: string;
    readonly name: string;
    readonly contentHash: string;
    readonly cache: string;
    /** Quarantined rows, ascending: not trained in this pass. */
    readonly excludedRows: readonly number[];
  };
  readonly config: Config;
  readonly base: { readonly id: string; readonly folder: string; readonly hash: string };
  readonly lineage: { readonly branch: string; readonly headStep: number | null };
  readonly core: string;
  readonly start: { readonly position: number; readonly epoch: number };
}

export interface ExitFile {
  readonly outcome: string;
  readonly reason: string | null;
  readonly t: number;
  readonly step: number | null;
  readonly position: number | null;
  readonly error: {
    readonly category: string;
    readonly type: string;
    readonly message: string;
    readonly traceback: string;
    readonly rows: readonly number[];
  } | null;
}

export type PassOutcome =
  | {
      readonly kind: 'completed' | 'paused' | 'stopped' | 'skipped';
      readonly step: number;
      /** Steps of this pass that are done, over all of its runs; null: nobody was there to say. */
      readonly stepsDone: number | null;
      readonly exit: ExitFile;
    }
  | {
      readonly kind: 'gave_up';
      readonly category: string;
      readonly message: string;
      /** The machine was not ready; the dataset is not to blame. */
      readonly infrastructure: boolean;
      readonly step: number | null;
      readonly rows: readonly number[];
    };

/** A line of events.jsonl, or one that the engine adds (`crashed`, `restarted`, `hang_suspected`, `hang_killed`). */
export interface TrainerEvent {
  readonly type: string;
  readonly t: number;
  readonly [field: string]: unknown;
}

export interface Heartbeat {
  readonly phase: string;
  readonly step: number | null;
  readonly position: number | null;
  /** Seconds since it was written, by the wall clock both sides share. */
  readonly age_s: number;
}

export interface TrainerView {
  readonly run: string | null;
  readonly pid: number | null;
  readonly alive: boolean;
  readonly heartbeat: Heartbeat | null;
  readonly recovering: {
    readonly attempt: number;
    readonly limit: number;
    readonly cause: string;
    readonly category: string;
  } | null;
  readonly pending: { readonly verb: string; readonly t: number } | null;
  /** What it was told to halt for, from the command on until it is told to go on. */
  readonly halting: 'paused' | 'stopped' | 'skipped' | null;
  readonly device: string | null;
}

export type WorkerResult =
  | { readonly ok: true; readonly exit: ExitFile }
  | {
      readonly ok: false;
      readonly category: string;
      readonly message: string;
      readonly log: string;
    };

export type Verb =
  'pause' | 'resume' | 'stop-after' | 'stop-now' | 'skip' | 'checkpoint' | 'sample' | 'eval';

export interface TrainerRoom {
  /** A live trainer of this workspace is supervised again; null when there is none. */
  adopt(): Promise<PassRequest | null>;
  /** Launches, and keeps it running by the recovery rules until there is an outcome. */
  train(request: PassRequest): void;
  command(verb: Verb): Promise<void>;
  /** Emergency: the group is killed and verified gone; the supervision ends with the outcome `stopped`. */
  kill(why: string): Promise<void>;
  view(): TrainerView;
  work(
    kind: 'intake' | 'base' | 'sample' | 'evaluate' | 'verify' | 'stage',
    spec: Readonly<Record<string, unknown>>,
    options?: {
      readonly onEvent?: (event: TrainerEvent) => void;
      readonly signal?: AbortSignal;
    },
  ): Promise<WorkerResult>;
  readonly events: Emitter<TrainerEvent & { readonly run: string }>;
  readonly outcome: Emitter<PassOutcome & { readonly pass: string; readonly dataset: string }>;
  readonly changed: Emitter<void>;
  /** Leaves the trainer running. */
  close(): Promise<void>;
}
