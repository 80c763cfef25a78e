/** The estimate of all queued datasets that are ready, with one configuration. */
import {
  type Config,
  configFor,
  type EstimateAnswer,
  MAX_OVER_LENGTH_SHARE,
  type RefusedFile,
} from '../../contract/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import { type EstimateFacts, estimateOf } from './estimate.ts';
import { datasetFacts, type FactsOptions } from './facts.ts';

interface QueueEstimateOptions extends FactsOptions {
  readonly datasets: DatasetsRoom;
  readonly baseModels: BaseModelsRoom;
}

export async function queueEstimate(
  options: QueueEstimateOptions,
  { config, facts }: { readonly config: Config; readonly facts: EstimateFacts },
): Promise<EstimateAnswer['queue']> {
  const { datasets, baseModels } = options;
  const sum = { datasets: 0, steps: 0, seconds: 0, rows_over: 0 };
  const refused: RefusedFile[] = [];
  for (const { id, name, isReady, held } of datasets.queued()) {
    if (!isReady) continue;
    // The sample carries its settings.
    const own = configFor(config, datasets.meta(id), baseModels.selectedId());
    const dataset = await datasetFacts(options, id, own, null);
    if (!dataset.isReal) continue;
    const estimate = estimateOf(own, facts, dataset);
    const over = estimate.rows_over ?? 0;
    const rows = dataset.rows ?? 0;
    if (own.over_length === 'refuse' && over > MAX_OVER_LENGTH_SHARE * rows) {
      refused.push({ id, name, rows_over: over, rows });
      continue;
    }
    if (held) continue;
    sum.datasets += 1;
    sum.steps += estimate.steps ?? 0;
    sum.seconds += estimate.time.seconds ?? 0;
    sum.rows_over += over;
  }
  return { ...sum, refused };
}
