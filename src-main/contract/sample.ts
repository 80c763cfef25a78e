/** The sample dataset and the settings it is trained with: from 0 to at least 95 of 100 answers within minutes on two CPU cores. */
import type { Config } from './config.ts';

export const SAMPLE_NAME = 'sample-requests.jsonl';
/** `source` of the sample among the datasets. It carries its settings, whatever the workspace is configured to. */
export const SAMPLE_SOURCE = 'sample';
export const SAMPLE_QUESTIONS = 100;

type Settings = Partial<
  Pick<
    Config,
    | 'batch_size'
    | 'gradient_accumulation'
    | 'learning_rate'
    | 'schedule'
    | 'precision'
    | 'epochs'
    | 'eval_samples'
    | 'generate_samples'
  >
> & { readonly monitoring_percent: number };

interface SampleRecipe {
  readonly rows: number;
  readonly settings: Settings;
}

/** Before and after are what a first run wants to see, so it may spend more on watching. */
const WATCHED = { eval_samples: 20, generate_samples: 16, monitoring_percent: 25 } as const;

const CHAT_MODEL: SampleRecipe = {
  rows: 560,
  settings: {
    ...WATCHED,
    batch_size: 8,
    gradient_accumulation: 1,
    learning_rate: 3e-4,
    schedule: 'constant',
    epochs: 1,
  },
};

const RANDOM_WEIGHTS: SampleRecipe = {
  rows: 1500,
  settings: {
    ...WATCHED,
    batch_size: 16,
    gradient_accumulation: 1,
    learning_rate: 1e-3,
    schedule: 'constant',
    precision: 'fp32',
    epochs: 12,
  },
};

/** `base`: id of the base model. */
export const sampleRecipe = (base: string): SampleRecipe =>
  base === 'starter' ? RANDOM_WEIGHTS : CHAT_MODEL;

/** The configuration that a dataset is trained with: that of the workspace, and of the sample its own. Pure. */
export function configFor(
  config: Config,
  dataset: { readonly source: string } | null,
  base: string,
): Config {
  if (dataset?.source !== SAMPLE_SOURCE) return config;
  const { monitoring_percent, ...settings } = sampleRecipe(base).settings;
  return { ...config, ...settings, budget: { ...config.budget, monitoring_percent } };
}
