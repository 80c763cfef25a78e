/** Finds a dataset by what the user typed. */
import type { DatasetSummary } from '../contract/index.ts';
import type { EngineClient } from './connection.ts';

/**
 * The dataset with this id or name; among several with the same name, one that is queued or
 * training.
 */
export async function findDataset(client: EngineClient, name: string): Promise<DatasetSummary> {
  const datasets = await client.datasets.list();
  const found =
    datasets.find((dataset) => dataset.id === name) ??
    datasets.find(
      (dataset) => dataset.name === name && ['queue', 'processing'].includes(dataset.place),
    ) ??
    datasets.find((dataset) => dataset.name === name);
  // For an unknown name, the engine's refusal is the error message.
  return found ?? (await client.datasets.get({ id: name })).summary;
}
