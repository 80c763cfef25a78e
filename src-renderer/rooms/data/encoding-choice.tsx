/** The decision on a file that is not UTF-8: which encoding to read it in, with a preview of each. */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import {
  type DatasetReport,
  type DatasetSummary,
  textEncoding,
} from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { RemoveButton } from './accept-choice.tsx';
import styles from './report.module.css';
import tokensStyles from './tokens.module.css';

export function EncodingChoice({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement {
  const lost = useLost();
  const candidates = report.encoding?.candidates ?? [];
  const [name, setName] = useState(candidates[0]?.name ?? null);
  const chosen = candidates.find((candidate) => candidate.name === name);
  return (
    <form
      className={classNames(styles.choice, styles.mapping)}
      aria-label="Encoding"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen !== undefined)
          void command((engine) =>
            engine.datasets.setEncoding({
              id: summary.id,
              encoding: textEncoding.parse(chosen.name),
            }),
          );
      }}
    >
      <Radio.Group
        label="Encoding of the file"
        value={name}
        onChange={(value) => {
          setName(candidates.find((candidate) => candidate.name === value)?.name ?? null);
        }}
      >
        {candidates.map((candidate) => (
          <Radio key={candidate.name} value={candidate.name} label={candidate.label} mt={6} />
        ))}
      </Radio.Group>
      {chosen === undefined ? null : (
        <pre
          className={classNames(tokensStyles.text, textStyles.mono, styles.preview)}
          tabIndex={0}
          aria-label={`First lines as ${chosen.label}`}
        >
          {chosen.preview.map((line) => (
            <span key={line.row}>
              <span className={textStyles.tertiary}>row {count(line.row)} </span>
              {line.text}
              {'\n'}
            </span>
          ))}
        </pre>
      )}
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button type="submit" variant="filled" disabled={lost || chosen === undefined}>
          Read in this encoding
        </Button>
        {report.accepted > 0 ? (
          <Button
            disabled={lost}
            onClick={() => {
              void command((engine) => engine.datasets.acceptValidRows({ id: summary.id }));
            }}
          >
            Train on the {plural(report.accepted, 'valid row')}
          </Button>
        ) : null}
        <RemoveButton id={summary.id} />
      </div>
    </form>
  );
}
