/** The queue screen. */
import { Button } from '@mantine/core';
import { IconPlayerSkipForward, IconPlus } from '@tabler/icons-react';
import { useMemo, useState, type ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, duration } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { addFiles } from '../data/index.ts';
import { RestoreDialog } from '../models/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Current, PlanStrip } from './current.tsx';
import { Finished } from './finished.tsx';
import { groupsOf, queued, wholeQueue } from './queue-order.ts';
import styles from './queue.module.css';
import { RowsDialog } from './rows-dialog.tsx';
import { Waiting } from './waiting.tsx';

/** `4 waiting, 1 held, 2 h 10 min, empty at 14:20` */
function queueFacts(datasets: readonly DatasetSummary[], now: number): string {
  const { waiting, held, undecided } = queued(datasets);
  const whole = wholeQueue(datasets, now);
  return [
    `${count(waiting)} waiting`,
    held === 0 ? null : `${count(held)} held`,
    undecided === 0
      ? null
      : `${count(undecided)} ${undecided === 1 ? 'needs' : 'need'} your decision`,
    whole === null ? null : duration(whole.seconds),
    whole === null
      ? null
      : `empty at ${clock(whole.ends, now)}${held === 0 ? '' : `, not counting held ${held === 1 ? 'dataset' : 'datasets'}`}`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

export function QueueScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const host = useHost();
  const lost = useLost();
  const datasets = useRoom('datasets');
  const status = useRoom('status');
  const queue = useRoom('queue');
  const now = useNowSeconds();
  const [rowsOf, setRowsOf] = useState<DatasetSummary | null>(null);
  const [undoing, setUndoing] = useState<DatasetSummary | null>(null);
  const groups = useMemo(() => groupsOf(datasets), [datasets]);
  const current = datasets.find((dataset) => dataset.place === 'processing');
  const listed = groups.high.length + groups.normal.length + groups.low.length;
  const add = (): void => {
    void host.chooseFiles().then((chosen) => {
      addFiles(chosen, 'normal');
    });
  };
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Queue</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {queueFacts(datasets, now)}
        </span>
        <span className={layoutStyles.spacer} />
        {current === undefined ? null : (
          <Button
            size="xs"
            disabled={lost || status.pending !== null}
            title="Skips the rest of the current dataset; you can continue it later"
            leftSection={<IconPlayerSkipForward aria-hidden="true" />}
            onClick={() => {
              void command((engine) => engine.training.skip({ by: 'you (window)' }));
            }}
          >
            Skip current
          </Button>
        )}
        <Button
          size="xs"
          disabled={lost}
          leftSection={<IconPlus aria-hidden="true" />}
          onClick={add}
        >
          Add files
        </Button>
      </div>
      <Notices onOpen={onOpen} />
      <div className={classNames(layoutStyles.screenBody, styles.screen)}>
        <div className={styles.main}>
          <PlanStrip datasets={datasets} />
          {current === undefined ? null : <Current dataset={current} />}
          {listed === 0 ? (
            <div className={styles.empty}>
              <p className={textStyles.secondary}>
                The queue is empty.
                {current === undefined && status.state === 'idle'
                  ? ` Training has been idle since ${clock(Math.max(status.since, queue.since), now)}.`
                  : ''}
              </p>
              <Button disabled={lost} onClick={add}>
                Add files
              </Button>
            </div>
          ) : (
            <>
              <Waiting groups={groups} onRows={setRowsOf} />
              <KeyHint />
            </>
          )}
        </div>
        <Finished datasets={datasets} onRows={setRowsOf} onUndo={setUndoing} />
      </div>
      {undoing === null ? null : (
        <RestoreDialog
          source={{ kind: 'undo_dataset', dataset: undoing.id }}
          atBottom={false}
          onClose={() => {
            setUndoing(null);
          }}
        />
      )}
      <RowsDialog
        dataset={rowsOf}
        onClose={() => {
          setRowsOf(null);
        }}
      />
    </>
  );
}

function KeyHint(): ReactElement {
  return (
    <p className={classNames(textStyles.caption, styles.hint)}>
      Drag between priorities, or <span className={controlStyles.keyboardKey}>Alt ↑</span>{' '}
      <span className={controlStyles.keyboardKey}>Alt ↓</span> on a row.{' '}
      <span className={controlStyles.keyboardKey}>H</span> hold,{' '}
      <span className={controlStyles.keyboardKey}>Enter</span> rows,{' '}
      <span className={controlStyles.keyboardKey}>Del</span> remove from the queue (the file moves
      to skipped; it isn’t deleted).
    </p>
  );
}
