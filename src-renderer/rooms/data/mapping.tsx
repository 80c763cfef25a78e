/** Columns of a flat file get their roles: which one asks, which one answers. */
import { Button, NativeSelect } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ColumnMapping, DatasetReport } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';

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
  const [prompt, setPrompt] = useState(mapping?.prompt ?? '');
  const [answer, setAnswer] = useState(mapping?.answer ?? '');
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
      className="mapping"
      aria-label="Roles of the columns"
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
            <th>First value</th>
            <th className={tableStyles.numberCell}>Different values</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.name}>
              <td className={classNames(textStyles.strong, textStyles.mono)}>{column.name}</td>
              <td className={classNames(textStyles.ellipsis, 'example')} title={column.example}>
                {column.example}
              </td>
              <td className={tableStyles.numberCell}>{count(column.distinct)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="roles">
        <NativeSelect
          label="The prompt, what the model reads"
          value={prompt}
          data={options}
          onChange={(event) => {
            setPrompt(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="The answer, what it learns to write"
          value={answer}
          data={options}
          error={same ? 'This column is already the prompt.' : null}
          onChange={(event) => {
            setAnswer(event.currentTarget.value);
          }}
        />
      </div>
      {ready ? (
        <pre
          className={classNames('tok', textStyles.mono)}
          aria-label="The first row with these roles"
        >
          <span className={textStyles.tertiary}>prompt </span>
          {exampleOf(prompt)}
          {'\n'}
          <span className={textStyles.tertiary}>answer </span>
          <mark>{exampleOf(answer)}</mark>
        </pre>
      ) : null}
      <div className={classNames(layoutStyles.row, 'cact')}>
        <Button type="submit" variant="filled" disabled={!ready || lost}>
          Use these columns
        </Button>
        <span className={textStyles.caption}>
          The file is validated again with these roles. Kept for this dataset.
        </span>
      </div>
    </form>
  );
}
