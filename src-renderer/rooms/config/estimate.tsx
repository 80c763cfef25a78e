/**
 * The estimate for the next dataset with the edited settings: memory, steps, time, disk, and batch
 * sizes to compare.
 */
import { NativeSelect } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DatasetSummary, EstimateAnswer } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { plural } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import { EstimatedMemory } from './estimate-memory.tsx';
import { BatchSizes, EstimatedRun } from './estimate-tables.tsx';
import { recordText } from './estimate-text.ts';
import styles from './estimate.module.css';

const isSelectable = (dataset: DatasetSummary): boolean =>
  (dataset.place === 'queue' || dataset.place === 'processing') && dataset.planned_steps !== null;

export function Estimate({
  answer,
  batch,
  dataset,
  onDataset,
}: {
  readonly answer: EstimateAnswer | null;
  /** The edited batch size. */
  readonly batch: number;
  readonly dataset: string | null;
  readonly onDataset: (id: string | null) => void;
}): ReactElement {
  const datasets = useRoom('datasets').filter(isSelectable);
  if (answer === null)
    return (
      <section className={styles.estimate} aria-label="Estimate">
        <h2 className={textStyles.label}>Estimate</h2>
        <p className={textStyles.secondary}>
          Choose a base model to see an estimate; memory depends on its shape.
        </p>
      </section>
    );
  return (
    <section className={styles.estimate} aria-label="Estimate">
      <NativeSelect
        size="xs"
        label="Estimate for"
        value={dataset ?? ''}
        data={[
          {
            value: '',
            label:
              dataset === null && answer.dataset !== null
                ? `Next: ${answer.dataset.name}`
                : 'Next dataset',
          },
          ...datasets.map((dataset) => ({ value: dataset.id, label: dataset.name })),
        ]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onDataset(value === '' ? null : value);
        }}
      />
      <EstimatedMemory answer={answer} />
      <EstimatedRun answer={answer} />
      <BatchSizes answer={answer} batch={batch} />
      {(answer.changed.rows_over ?? 0) === 0 ? null : (
        <p className={textStyles.warning}>
          About {plural(answer.changed.rows_over ?? 0, 'row')} of {answer.dataset?.name} are longer
          than max_length.
        </p>
      )}
      <p className={textStyles.caption}>{recordText(answer.record)}</p>
    </section>
  );
}
