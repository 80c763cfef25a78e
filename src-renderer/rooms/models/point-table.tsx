/** Parts that the tables of versions, backups and checkpoints share. */
import { Button } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { openDialog, type ModelsDialog } from './models-store.ts';
import { PointButton } from './point-button.tsx';
import listStyles from './point-list.module.css';

export function ListHeading({
  title,
  facts,
  children,
}: {
  readonly title: string;
  readonly facts: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className={listStyles.heading}>
      <h2 className={textStyles.label}>{title}</h2>
      <span className={classNames(textStyles.caption, textStyles.number)}>{facts}</span>
      <span className={layoutStyles.grow} />
      {children}
    </div>
  );
}

/** Opens a dialog. Disabled while the engine is lost, unless `worksOffline`. */
export function DialogButton({
  dialog,
  icon,
  disabled = false,
  worksOffline = false,
  label,
  describedBy,
  children,
}: {
  readonly dialog: ModelsDialog;
  readonly icon: ReactNode;
  readonly disabled?: boolean;
  readonly worksOffline?: boolean;
  readonly label?: string;
  readonly describedBy?: string | undefined;
  readonly children: string;
}): ReactElement {
  const lost = useLost();
  return (
    <Button
      size="xs"
      disabled={disabled || (lost && !worksOffline)}
      aria-label={label}
      aria-describedby={describedBy}
      leftSection={icon}
      onClick={() => {
        openDialog(dialog);
      }}
    >
      {children}
    </Button>
  );
}

/** A row with the button that selects its point in the first cell. */
export function PointRow({
  id,
  chosen,
  name,
  children,
}: {
  readonly id: string;
  readonly chosen: string | null;
  readonly name: ReactNode;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <tr className={id === chosen ? listStyles.selected : undefined}>
      <td>
        <PointButton id={id} chosen={chosen}>
          {name}
        </PointButton>
      </td>
      {children}
    </tr>
  );
}

export function TimeCell({ t, now }: { readonly t: number; readonly now: number }): ReactElement {
  return (
    <td className={classNames(textStyles.secondary, textStyles.number, listStyles.withGap)}>
      {clock(t, now)}
    </td>
  );
}

export function ClippedCell({ text }: { readonly text: string }): ReactElement {
  return (
    <td className={classNames(textStyles.secondary, listStyles.clipped)} title={text}>
      {text}
    </td>
  );
}

/** A failed check in a cell: the text is cut off and shown in full as the tooltip. */
export function Problem({
  title,
  children,
}: {
  readonly title: string;
  readonly children: string;
}): ReactElement {
  return (
    <span
      className={classNames(
        layoutStyles.row,
        listStyles.iconRow,
        textStyles.failure,
        textStyles.ellipsis,
      )}
      title={title}
    >
      <Glyph name="failed" />
      <span className={textStyles.ellipsis}>{children}</span>
    </span>
  );
}
