/** The search field of a screen; `/` moves the focus to it, Escape clears it. */
import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import controlStyles from './styles/controls.module.css';

export function SearchField({
  label,
  placeholder,
  value,
  onChange,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactElement {
  return (
    <TextInput
      size="xs"
      type="search"
      className={controlStyles.searchField}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch aria-hidden="true" />}
      rightSection={<span className={controlStyles.keyboardKey}>/</span>}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onChange('');
      }}
    />
  );
}
