/** One role of the mapping: a column, or a text with columns in braces. */
import { NativeSelect, Textarea } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import styles from './report.module.css';

const TEMPLATE = ' template';

export function MappingRole({
  label,
  value,
  columns,
  error,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly columns: readonly string[];
  readonly error: string | null;
  readonly onChange: (value: string) => void;
}): ReactElement {
  const [isTemplate, setTemplate] = useState(value !== '' && !columns.includes(value));
  return (
    <div className={styles.role}>
      <NativeSelect
        label={`${label} column`}
        value={isTemplate ? TEMPLATE : value}
        data={[
          { value: '', label: 'Choose a column' },
          ...columns.map((column) => ({ value: column, label: column })),
          { value: TEMPLATE, label: 'Several columns…' },
        ]}
        error={error}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          setTemplate(chosen === TEMPLATE);
          if (chosen !== TEMPLATE) onChange(chosen);
          else if (columns.includes(value)) onChange(`{${value}}`);
        }}
      />
      {isTemplate ? (
        <Textarea
          aria-label={`${label} template`}
          description="{column} stands for its value"
          autosize
          minRows={1}
          maxRows={6}
          value={value}
          onChange={(event) => {
            onChange(event.currentTarget.value);
          }}
        />
      ) : null}
    </div>
  );
}
