/** Conditions that last: each is reported once when it begins, and its notice goes when it ends. */
import type { ConfigState } from '../../contract/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import * as messages from './messages.ts';

export interface ConditionActions {
  readonly notify: (text: messages.NoticeText) => void;
  readonly resolve: (condition: string) => void;
}

/** Call it with the text while the condition holds, and with null when it doesn't. */
export function watchCondition(
  { notify, resolve }: ConditionActions,
  condition: string,
): (text: messages.NoticeText | null, key?: string) => void {
  // A notice of the engine before this one may be about a condition that ended meanwhile.
  let shown: string | null = 'unknown';
  return (text, key = text?.title ?? '') => {
    const next = text === null ? null : key;
    if (next === shown) return;
    if (shown !== null) resolve(condition);
    shown = next;
    if (text !== null) notify(text);
  };
}

export function configConditions(actions: ConditionActions): (state: ConfigState) => void {
  const problem = watchCondition(actions, messages.CONDITIONS.config);
  const drift = watchCondition(actions, messages.CONDITIONS.drift);
  return (state) => {
    const text = state.problem === null ? null : messages.configProblem(state.problem);
    problem(text, state.problem ?? '');
    const keys = state.drift.map(({ key }) => key);
    drift(keys.length === 0 ? null : messages.configChanged(keys), keys.join());
  };
}

export function baseCondition(
  actions: ConditionActions,
  baseModels: Pick<BaseModelsRoom, 'missingReason' | 'selectedId'>,
): () => void {
  const missing = watchCondition(actions, messages.CONDITIONS.base);
  return () => {
    // On a first run none is selected yet, which the page asks for itself.
    const reason = baseModels.selectedId() === '' ? null : baseModels.missingReason();
    missing(reason === null ? null : messages.baseMissing(reason));
  };
}

export function diskCondition(
  actions: ConditionActions,
  disk: Pick<DiskRoom, 'reading'>,
): () => void {
  const low = watchCondition(actions, messages.CONDITIONS.lowDisk);
  return () => {
    const { freeGb, floorGb } = disk.reading();
    if (freeGb === null || floorGb === null) return;
    low(freeGb < floorGb ? messages.lowDiskSpace(freeGb, floorGb) : null, 'low');
  };
}

/** The notice itself comes from the queue's news; here it only ends. */
export function notReadyCondition(
  { resolve }: ConditionActions,
  queue: Pick<QueueRoom, 'notReady'>,
): () => void {
  let wasReady = false;
  return () => {
    const isReady = queue.notReady() === null;
    if (isReady && !wasReady) resolve(messages.CONDITIONS.notReady);
    wasReady = isReady;
  };
}
