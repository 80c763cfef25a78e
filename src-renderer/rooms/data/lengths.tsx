/** Token lengths of whole rows, prompts or responses. */
import { SegmentedControl } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Histogram } from './histogram.tsx';
import styles from './report.module.css';

export function Lengths({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const now = useRoom('config').values.max_length;
  const limit = report.max_length ?? now;
  const [which, setWhich] = useState<'whole' | 'prompt' | 'answer'>('whole');
  if (report.lengths === null) return null;
  return (
    <div className={styles.histogram}>
      <div className={classNames(layoutStyles.row, layoutStyles.spaceBetween)}>
        <h3 className={textStyles.label}>Tokens per row</h3>
        <SegmentedControl
          aria-label="Part of the row"
          value={which}
          onChange={setWhich}
          data={[
            { value: 'whole', label: 'Whole' },
            { value: 'prompt', label: 'Prompt' },
            { value: 'answer', label: 'Response' },
          ]}
        />
      </div>
      <Histogram
        lengths={report.lengths[which]}
        limit={which === 'whole' ? limit : null}
        longer={report.over_length}
        rows={report.rows}
      />
      {limit === now ? null : (
        <p className={classNames(textStyles.caption, textStyles.number)}>
          Validated with max_length {count(limit)}; it is {count(now)} now.
        </p>
      )}
    </div>
  );
}
