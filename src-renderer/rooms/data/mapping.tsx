/** Assigns the prompt and response columns of a flat file. */
import { Button, NativeSelect } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ColumnMapping, DatasetReport } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';
import tokensStyles from './tokens.module.css';

export function Mapping({
  id,
  report,
  mapping,
}: {
  readonly id: string;
  readonly report: DatasetReport;
  readonly mapping: ColumnMapping | null;
}): ReactElement {
  const columns = report.columns ?? [];
  const lost = useLost();
  const [prompt, setPrompt] = useState(mapping?.format === 'columns' ? mapping.prompt : '');
  const [answer, setAnswer] = useState(mapping?.format === 'columns' ? mapping.answer : '');
  const options = [
    { value: '', label: 'Choose a column' },
    ...columns.map((column) => ({ value: column.name, label: column.name })),
  ];
  const exampleOf = (name: string): string =>
    columns.find((column) => column.name === name)?.example ?? '';
  const same = prompt !== '' && prompt === answer;
  const ready = prompt !== '' && answer !== '' && !same;
  return (
    <form
      className={styles.mapping}
      aria-label="Column mapping"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready)
          void command((engine) =>
            engine.datasets.mapColumns({ id, mapping: { format: 'columns', prompt, answer } }),
          );
      }}
    >
      <table>
        <thead>
          <tr>
            <th>Column</th>
            <th>Example</th>
            <th className={tableStyles.numberCell}>Unique values</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.name}>
              <td className={classNames(textStyles.strong, textStyles.mono)}>{column.name}</td>
              <td
                className={classNames(textStyles.ellipsis, styles.example)}
                title={column.example}
              >
                {column.example}
              </td>
              <td className={tableStyles.numberCell}>{count(column.distinct)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className={styles.columns}>
        <NativeSelect
          label="Prompt column"
          value={prompt}
          data={options}
          onChange={(event) => {
            setPrompt(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="Response column"
          value={answer}
          data={options}
          error={same ? 'This column is already the prompt column.' : null}
          onChange={(event) => {
            setAnswer(event.currentTarget.value);
          }}
        />
      </div>
      {ready ? (
        <pre
          className={classNames(tokensStyles.text, textStyles.mono, styles.preview)}
          aria-label="First row with this mapping"
        >
          <span className={textStyles.tertiary}>prompt </span>
          {exampleOf(prompt)}
          {'\n'}
          <span className={textStyles.tertiary}>response </span>
          <mark>{exampleOf(answer)}</mark>
        </pre>
      ) : null}
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button type="submit" variant="filled" disabled={!ready || lost}>
          Use this mapping
        </Button>
        <span className={textStyles.caption}>Re-validates the file with this mapping.</span>
      </div>
    </form>
  );
}
