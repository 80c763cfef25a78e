/** What a pause or stop says: which step is safe, and what isn't. Pure. */
import { count, plural } from '../../contract/format.ts';
import { type UnsavedSteps, unsavedText } from '../../contract/index.ts';

export interface HaltFacts {
  readonly verb: 'Paused' | 'Stopped';
  /** A trainer was running or being restarted when the command was given. */
  readonly wasBusy: boolean;
  /** The dataset that is only partly trained. */
  readonly dataset: string | null;
  /** The step that training had reached; null: no step was done. */
  readonly step: number | null;
  /** Of the newest checkpoint; null: there is none. */
  readonly saved: number | null;
  /** A save failed and is retried. */
  readonly unsaved: UnsavedSteps | null;
}

export function haltText(facts: HaltFacts): string {
  const { verb, dataset, step, saved, unsaved } = facts;
  if (unsaved !== null)
    return `${verb}, but ${unsavedText(unsaved)}. The trainer keeps it in memory and saves it when that is possible. To give it up: nightshift stop --discard`;
  if (!facts.wasBusy && dataset === null) return `${verb}. Nothing was being trained.`;
  const from = saved === null || saved === 0 ? 'its start' : `step ${count(saved)}`;
  if (!facts.wasBusy || step === null)
    return `${verb}. ${dataset ?? 'The dataset'} continues from ${from}.`;
  const lost = step - (saved ?? 0);
  if (lost > 0)
    return `${verb}. ${plural(lost, 'step')} after ${from} couldn't be saved and will be trained again.`;
  return `${verb} at step ${count(step)}, saved.`;
}
