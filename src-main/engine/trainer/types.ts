/** The trainer's interface. The files behind these shapes are described in docs/protocol.md. */
import type { Config, UnsavedSteps } from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type {
  CommandVerb,
  Exit,
  HeartbeatPhase,
  RowOrder,
  RunEvent,
  WorkerKind,
  WorkerRequest,
} from '../../formats/index.ts';

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
    readonly rowOrder: RowOrder;
  };
  readonly config: Config;
  readonly base: { readonly id: string; readonly folder: string; readonly hash: string };
  readonly lineage: { readonly branch: string; readonly headStep: number | null };
  readonly core: string;
  readonly start: { readonly position: number; readonly epoch: number };
}

/** Why training halted at the user's request. */
export type Halt = 'paused' | 'stopped' | 'skipped';

export type PassOutcome =
  | {
      readonly kind: 'completed' | Halt;
      readonly step: number;
      /**
       * Steps of the pass that are done, over all of its runs; null: the trainer did not report.
       */
      readonly stepsDone: number | null;
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

/** An event of a run, with the id of the run. */
export type TrainerEvent = RunEvent & { readonly run: string };

export interface HeartbeatView {
  readonly phase: HeartbeatPhase;
  readonly step: number | null;
  readonly position: number | null;
  /** While evaluating: rows or answers that are done, of how many. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** Seconds since it was written, by the wall clock that both processes share. */
  readonly age_s: number;
}

export interface TrainerView {
  readonly run: string | null;
  readonly pid: number | null;
  readonly alive: boolean;
  readonly heartbeat: HeartbeatView | null;
  readonly recovering: {
    readonly attempt: number;
    /** Null: the dataset never fails of it. */
    readonly limit: number | null;
    readonly cause: string;
    readonly category: string;
  } | null;
  readonly pending: { readonly verb: string; readonly t: number } | null;
  /** From the command that halts training until one that resumes it. */
  readonly requestedHalt: Halt | null;
  readonly device: string | null;
  /** Of the newest checkpoint; 0 when there is none, null without a pass. */
  readonly savedStep: number | null;
  /** The last save failed; null: saving works. */
  readonly unsaved: UnsavedSteps | null;
}

export type WorkerResult =
  | { readonly ok: true; readonly exit: Exit }
  | {
      readonly ok: false;
      /** Of the crash table, or `canceled`. */
      readonly category: string;
      readonly message: string;
      readonly log: string;
    };

/** A worker that is running. */
export interface LiveWorker {
  /** Its run folder. */
  readonly folder: string;
  command(verb: CommandVerb, args?: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface WorkOptions {
  readonly onStarted?: (worker: LiveWorker) => void;
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
  /** Happens again and again: its run folder is removed when it succeeded. */
  readonly isRoutine?: boolean;
}

export interface TrainerRoom {
  /** Supervises a live trainer of this workspace again; null when there is none. */
  adopt(): Promise<PassRequest | null>;
  /** Why a trainer with this configuration has to wait for its device; null: it is free. */
  deviceHolder(config: Config): Promise<string | null>;
  /** Launches the trainer, and restarts it by the recovery rules until there is an outcome. */
  train(request: PassRequest): void;
  command(verb: CommandVerb): Promise<void>;
  /**
   * Emergency: kills the process group, returns when it is gone; the outcome is `stopped`.
   * Throws when the process can't be killed.
   */
  kill(why: string): Promise<void>;
  /** Kills the process group and records nothing: the workspace belongs to another engine. */
  abandon(): void;
  view(): TrainerView;
  work<K extends WorkerKind>(
    kind: K,
    request: WorkerRequest<K>,
    options?: WorkOptions,
  ): Promise<WorkerResult>;
  readonly events: Emitter<TrainerEvent>;
  readonly outcome: Emitter<PassOutcome & { readonly pass: string; readonly dataset: string }>;
  readonly changed: Emitter<void>;
  /** Leaves the trainer running. */
  close(): Promise<void>;
}
