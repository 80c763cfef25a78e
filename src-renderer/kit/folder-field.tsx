/** A folder of the machine that the engine runs on: typed, or chosen where its paths are to be had. */
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
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What a chosen folder becomes, where a new one inside of it is meant. */
  readonly within?: (path: string) => string;
  /** It has the focus when its dialog opens. */
  readonly isFirst?: boolean;
  /** Small, inside a line: says in the field what it is for; the label is then only spoken. */
  readonly placeholder?: string;
  readonly className?: string | undefined;
}): ReactElement {
  const host = useHost();
  const look =
    placeholder === undefined
      ? ({ label } as const)
      : ({ 'aria-label': label, placeholder, size: 'xs' } as const);
  return (
    <div className={classNames(layoutStyles.row, styles.field, className)}>
      <TextInput
        className={layoutStyles.grow}
        {...look}
        spellCheck={false}
        value={value}
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
