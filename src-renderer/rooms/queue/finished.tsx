/** Completed, failed and skipped datasets with their result or the reason they stopped. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, loss, UNKNOWN } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { UndoDatasetButton } from '../../kit/undo-dataset-button.tsx';
import { verdictDisplay } from '../data/index.ts';
import styles from './queue.module.css';

type Tab = 'all' | 'completed' | 'failed' | 'skipped';
const tabs: readonly (readonly [Tab, string])[] = [
  ['all', 'Finished'],
  ['completed', 'Completed'],
  ['failed', 'Failed'],
  ['skipped', 'Skipped'],
];

/** The outcome in one line. */
export function outcome(dataset: DatasetSummary): string {
  const steps =
    dataset.planned_steps === null
      ? null
      : `${count(dataset.done_steps ?? 0)} of ${count(dataset.planned_steps)} steps`;
  const validation =
    dataset.validation_after === null
      ? dataset.place === 'completed'
        ? 'validation (this dataset) not measured'
        : null
      : `validation (this dataset) ${dataset.validation_before === null ? UNKNOWN : loss(dataset.validation_before)} to ${loss(dataset.validation_after)}`;
  return [dataset.message, steps, validation].filter((part) => part !== null).join(', ');
}

function retryLabel(dataset: DatasetSummary): string {
  if (dataset.place === 'skipped' && (dataset.done_steps ?? 0) > 0)
    return `Continue from ${count(dataset.done_steps ?? 0)}`;
  return dataset.place === 'completed' ? 'Train again' : 'Retry';
}

function retry({ id }: DatasetSummary): void {
  void command((engine) => engine.queue.retry({ id }));
}

interface RowActions {
  readonly onRows: (dataset: DatasetSummary) => void;
  readonly onUndo: (dataset: DatasetSummary) => void;
}

export function Finished({
  datasets,
  onRows,
  onUndo,
}: RowActions & { readonly datasets: readonly DatasetSummary[] }): ReactElement {
  const [tab, setTab] = useState<Tab>('all');
  const of = (which: Tab): readonly DatasetSummary[] =>
    datasets.filter((dataset) =>
      which === 'all'
        ? ['completed', 'failed', 'skipped'].includes(dataset.place)
        : dataset.place === which,
    );
  const shown = [...of(tab)].sort((a, b) => (b.finished ?? b.added) - (a.finished ?? a.added));
  return (
    <section className={styles.finished} aria-label="Finished datasets">
      <div
        className={classNames(controlStyles.tabs, textStyles.number)}
        role="tablist"
        aria-label="Finished datasets"
      >
        {tabs.map(([id, name]) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={id === tab}
            onClick={() => {
              setTab(id);
            }}
          >
            {name}
            {id === 'all' ? '' : ` ${count(of(id).length)}`}
          </button>
        ))}
      </div>
      {shown.length === 0 ? (
        <p className={classNames(textStyles.secondary, styles.nothing)}>Nothing here yet.</p>
      ) : null}
      <ol>
        {shown.slice(0, 100).map((dataset) => (
          <FinishedRow key={dataset.id} dataset={dataset} onRows={onRows} onUndo={onUndo} />
        ))}
      </ol>
    </section>
  );
}

function FinishedRow({
  dataset,
  onRows,
  onUndo,
}: RowActions & { readonly dataset: DatasetSummary }): ReactElement {
  const now = useNowSeconds();
  const lost = useLost();
  const display = verdictDisplay[dataset.verdict];
  return (
    <li
      onKeyDown={(event) => {
        const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
        if (event.key.toLowerCase() === 'r' && plain && !lost) retry(dataset);
      }}
    >
      <span className={textStyles[display.tone]}>
        <Glyph name={display.glyph} />
        <span className={textStyles.visuallyHidden}>{display.word}</span>
      </span>
      <div className={layoutStyles.grow}>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <span className={classNames(textStyles.ellipsis, textStyles.strong)} title={dataset.name}>
            {dataset.name}
          </span>
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {clock(dataset.finished ?? dataset.added, now)}
          </span>
        </div>
        <p className={textStyles.caption}>{outcome(dataset)}</p>
        <div className={classNames(layoutStyles.row, styles.actions)}>
          <Button
            size="xs"
            disabled={lost}
            aria-label={`${retryLabel(dataset)}: ${dataset.name}`}
            onClick={() => {
              retry(dataset);
            }}
          >
            {retryLabel(dataset)}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            aria-label={`Rows of ${dataset.name}`}
            onClick={() => {
              onRows(dataset);
            }}
          >
            Rows
          </Button>
          {(dataset.done_steps ?? 0) > 0 ? (
            <UndoDatasetButton
              name={dataset.name}
              disabled={lost}
              onClick={() => {
                onUndo(dataset);
              }}
            />
          ) : null}
        </div>
      </div>
    </li>
  );
}
