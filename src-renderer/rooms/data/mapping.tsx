/** Gives the columns of a file their roles: prompt and response, a raw text, or a list of messages. */
import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ColumnMapping, DatasetReport } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { formOf, mappingOf, type MappingForm, type MappingFormat } from './mapping-form.ts';
import { MappingPreviewRows } from './mapping-preview.tsx';
import { MappingRole } from './mapping-role.tsx';
import styles from './report.module.css';

const FORMATS: readonly { readonly value: MappingFormat; readonly label: string }[] = [
  { value: 'columns', label: 'Prompt and response' },
  { value: 'text', label: 'Raw text: every token is trained' },
  { value: 'messages', label: 'A list of messages' },
];

export function Mapping({
  id,
  report,
  mapping,
}: {
  readonly id: string;
  readonly report: DatasetReport;
  readonly mapping: ColumnMapping | null;
}): ReactElement {
  const lost = useLost();
  const [form, setForm] = useState(() => formOf(mapping, report.mapping_guess));
  const wanted = mappingOf(form);
  const change = (part: Partial<MappingForm>): void => {
    setForm((now) => ({ ...now, ...part }));
  };
  const needed = report.unused_fields.filter((field) => field.needed > 0);
  return (
    <form
      className={styles.mapping}
      aria-label="Column mapping"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== null)
          void command((engine) => engine.datasets.mapColumns({ id, mapping: wanted }));
      }}
    >
      <Columns report={report} />
      <Roles form={form} report={report} onChange={change} />
      <MappingPreviewRows id={id} mapping={wanted} />
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button type="submit" variant="filled" disabled={wanted === null || lost}>
          Use this mapping
        </Button>
        {needed.length === 0 ? null : (
          <Button
            disabled={lost}
            onClick={() => {
              void command((engine) => engine.datasets.acceptValidRows({ id }));
            }}
          >
            Train without {needed.map((field) => field.name).join(', ')}
          </Button>
        )}
        <span className={classNames(textStyles.caption, textStyles.wrap)}>
          Re-validates the file with this mapping. Files with the same columns use it too.
        </span>
      </div>
    </form>
  );
}

function Columns({ report }: { readonly report: DatasetReport }): ReactElement {
  return (
    <table>
      <thead>
        <tr>
          <th>Column</th>
          <th>Example</th>
          <th className={tableStyles.numberCell}>Unique values</th>
        </tr>
      </thead>
      <tbody>
        {(report.columns ?? []).map((column) => (
          <tr key={column.name}>
            <td className={classNames(textStyles.strong, textStyles.mono)}>{column.name}</td>
            <td className={classNames(textStyles.ellipsis, styles.example)} title={column.example}>
              {column.example}
            </td>
            <td className={tableStyles.numberCell}>{count(column.distinct)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Roles({
  form,
  report,
  onChange,
}: {
  readonly form: MappingForm;
  readonly report: DatasetReport;
  readonly onChange: (part: Partial<MappingForm>) => void;
}): ReactElement {
  const columns = (report.columns ?? []).map((column) => column.name);
  const isSame = form.prompt !== '' && form.prompt === form.answer;
  return (
    <div className={styles.columns}>
      <NativeSelect
        label="Use as"
        value={form.format}
        data={[...FORMATS]}
        onChange={(event) => {
          const chosen = FORMATS.find(({ value }) => value === event.currentTarget.value);
          if (chosen !== undefined) onChange({ format: chosen.value });
        }}
      />
      {form.format === 'columns' ? (
        <>
          <MappingRole
            label="Prompt"
            value={form.prompt}
            columns={columns}
            error={null}
            onChange={(prompt) => {
              onChange({ prompt });
            }}
          />
          <MappingRole
            label="Response"
            value={form.answer}
            columns={columns}
            error={isSame ? 'This column is already the prompt column.' : null}
            onChange={(answer) => {
              onChange({ answer });
            }}
          />
        </>
      ) : (
        <NativeSelect
          label={form.format === 'text' ? 'Text column' : 'Messages column'}
          value={form.column}
          data={[{ value: '', label: 'Choose a column' }, ...columns]}
          onChange={(event) => {
            onChange({ column: event.currentTarget.value });
          }}
        />
      )}
      {form.format === 'text' ? null : (
        <Textarea
          label="System prompt"
          placeholder="None"
          autosize
          minRows={1}
          maxRows={6}
          value={form.system}
          onChange={(event) => {
            onChange({ system: event.currentTarget.value });
          }}
        />
      )}
    </div>
  );
}
