/** Path of a folder on the engine's machine: typed, or chosen in a native dialog where the host has one. */
import { Button, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useHost } from '../host/index.ts';
import { classNames } from './class-names.ts';
import styles from './folder-field.module.css';
import layoutStyles from './styles/layout.module.css';

export function FolderField({
  label,
  value,
  onChange,
  within = (path) => path,
  isFirst = false,
  placeholder,
  className,
  error = null,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Maps a chosen folder to the value, for a new folder inside it. */
  readonly within?: (path: string) => string;
  /** Gets the focus when the dialog opens. */
  readonly isFirst?: boolean;
  /** Makes the field small and inline; the label is then only read by screen readers. */
  readonly placeholder?: string;
  readonly className?: string | undefined;
  /** What is wrong with the folder. */
  readonly error?: string | null;
}): ReactElement {
  const host = useHost();
  const labelProps =
    placeholder === undefined
      ? ({ label } as const)
      : ({ 'aria-label': label, placeholder, size: 'xs' } as const);
  return (
    <div className={classNames(layoutStyles.row, styles.field, className)}>
      <TextInput
        className={layoutStyles.grow}
        {...labelProps}
        spellCheck={false}
        value={value}
        error={error}
        {...(isFirst ? { 'data-autofocus': true } : {})}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
      {host.capabilities.chooseFolderPath ? (
        <Button
          {...(placeholder === undefined ? {} : { size: 'xs' })}
          onClick={() => {
            void host.chooseFolderPath().then((path) => {
              if (path !== null) onChange(within(path));
            });
          }}
        >
          Choose folder
        </Button>
      ) : null}
    </div>
  );
}
