/** The interface of the configuration. */
import type { Config, ConfigState } from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';

export interface ConfigPass {
  readonly id: string;
  readonly dataset: string;
  readonly config: Config;
}

export interface ConfigSet {
  readonly key: string;
  readonly value: unknown;
  /** The key again, where its change needs consent. */
  readonly confirm: string | null;
  /** For the next dataset, when a pass is open. */
  readonly stage: boolean;
  readonly by: string;
}

export interface ConfigRoom {
  values(): Config;
  state(): ConfigState;
  /**
   * What the next dataset would begin with, with `changes` (dotted keys) applied; nothing is saved.
   * Refusals INVALID, NOT_FOUND.
   */
  planned(changes: Readonly<Record<string, unknown>>): Config;
  /** Refusals LOCKED, NEEDS_CONFIRMATION, INVALID, NOT_FOUND. */
  set(input: ConfigSet): Promise<ConfigState>;
  /** Refusal NOT_FOUND. */
  unstage(key: string): Promise<ConfigState>;
  /**
   * A change that the workspace itself makes, even when the key is locked or staged; `why` is for
   * the journal. Throws what the disk throws.
   */
  follow(key: string, value: unknown, why: string): Promise<void>;
  /** For a new pass: applies staged changes. */
  freeze(): Promise<Config>;
  /** Locks the configuration of the pass; null: no pass is open. */
  openPass(pass: ConfigPass | null): void;
  readonly changed: Emitter<ConfigState>;
  close(): Promise<void>;
}
