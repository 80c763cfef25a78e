/** The decisions on think blocks, on unused fields of conversations, and on rows that were trained before. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DatasetReport, DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { RemoveButton } from './accept-choice.tsx';
import styles from './report.module.css';

interface Option {
  readonly label: string;
  readonly thinkBlocks?: 'keep' | 'strip';
}

function optionsOf(summary: DatasetSummary, report: DatasetReport): readonly Option[] {
  if (summary.decision === 'think_blocks')
    return [
      { label: 'Keep think blocks', thinkBlocks: 'keep' },
      { label: 'Strip think blocks', thinkBlocks: 'strip' },
    ];
  if (summary.decision === 'trained_before') return [{ label: 'Train again' }];
  const names = report.unused_fields.filter((field) => field.needed > 0).map(({ name }) => name);
  return [{ label: `Train without ${names.join(', ')}` }];
}

function captionOf(summary: DatasetSummary, report: DatasetReport): string {
  if (summary.decision === 'trained_before') return '';
  const blocks = report.think_blocks;
  const rows =
    summary.decision === 'think_blocks' && blocks !== null
      ? `${count(blocks.rows)} of ${plural(report.rows, 'row')} with think blocks, ${count(blocks.only)} without another answer. `
      : '';
  return `${rows}Files with the same fields are treated the same way.`;
}

export function OtherChoices({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement {
  const lost = useLost();
  return (
    <div className={styles.choice}>
      <p className={classNames(textStyles.caption, textStyles.wrap)}>
        {captionOf(summary, report)}
      </p>
      <div className={classNames(layoutStyles.row, styles.actions)}>
        {optionsOf(summary, report).map(({ label, thinkBlocks }) => (
          <Button
            key={label}
            disabled={lost}
            onClick={() => {
              void command((engine) =>
                engine.datasets.acceptValidRows({ id: summary.id, think_blocks: thinkBlocks }),
              );
            }}
          >
            {label}
          </Button>
        ))}
        <RemoveButton id={summary.id} />
      </div>
    </div>
  );
}
