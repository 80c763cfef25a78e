/** Configuration and setup: locks, consent, staging, and the choice of a base model. */
import { describeKeys, Refusal, type ConfigState } from '../../../src-main/contract/index.ts';
import type { Answers, Stage } from '../stage.ts';
import { addDataset } from './datasets.ts';
import { estimateFor, withChanges } from './estimate.ts';

export function configAnswers(stage: Stage): Answers['config'] {
  const setConfig = (change: Partial<ConfigState>): ConfigState => {
    stage.change({ config: { ...stage.rooms().config, ...change } });
    return stage.rooms().config;
  };
  return {
    estimate: (asked) => estimateFor(stage.rooms(), asked),
    set: ({ key, value, confirm, stage: isStaged }) => {
      const { consent = null, lock } = { ...describeKeys().find((known) => known.key === key) };
      if (consent !== null && confirm !== key)
        throw new Refusal('NEEDS_CONFIRMATION', consent, { subject: key, facts: { confirm: key } });
      const { staged, values, differences } = stage.rooms().config;
      const isLocked = lock === 'pass' && stage.rooms().status.current_dataset !== null;
      if (isLocked && !isStaged)
        throw new Refusal('LOCKED', `${key} is locked while a dataset is being trained.`, {
          subject: key,
          next: 'Keep the change for the next dataset with --stage.',
        });
      if (isLocked) return setConfig({ staged: { ...staged, [key]: value } });
      return setConfig({
        values: withChanges(values, { [key]: value }),
        differences: { ...differences, [key]: value },
      });
    },
    unstage: ({ key }) => {
      const { [key]: _, ...staged } = stage.rooms().config.staged;
      return setConfig({ staged });
    },
  };
}

export const setupAnswers = (stage: Stage): Answers['setup'] => ({
  choose: ({ base }) => {
    const { setup } = stage.rooms();
    const bases = setup.bases.map((known) =>
      known.id === base ? { ...known, state: 'ready', progress: null } : known,
    );
    stage.change({ setup: { ...setup, chosen: base, bases } });
    return undefined;
  },
  cancel: () => {
    const { setup } = stage.rooms();
    const bases = setup.bases.map((base) =>
      base.state === 'making' ? { ...base, state: 'available', progress: null } : base,
    );
    stage.change({ setup: { ...setup, bases } });
    return undefined;
  },
  sample: () => {
    stage.change({ setup: { ...stage.rooms().setup, sample_added: true } });
    addDataset(stage, 'sample.jsonl', 98_304);
    return undefined;
  },
});
