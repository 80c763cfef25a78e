/** Token lengths of whole rows, prompts or responses. */
import { SegmentedControl } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { count } from '../../kit/format.ts';
import { Histogram } from './histogram.tsx';

export function Lengths({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const now = useRoom('config').values.max_length;
  const limit = report.max_length ?? now;
  const [which, setWhich] = useState<'whole' | 'prompt' | 'answer'>('whole');
  if (report.lengths === null) return null;
  return (
    <div className="hist">
      <div className="row sp">
        <h3 className="label">Tokens per row</h3>
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
        <p className="micro num">
          Validated with max_length {count(limit)}; it is {count(now)} now.
        </p>
      )}
    </div>
  );
}
