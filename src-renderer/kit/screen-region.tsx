/** The scrollable body of a screen, reached with Tab so that the arrow keys scroll it. */
import type { ReactElement, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import layoutStyles from './styles/layout.module.css';

export function ScreenRegion({
  label,
  className,
  children,
}: {
  readonly label: string;
  readonly className: string | undefined;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div
      className={classNames(layoutStyles.screenBody, className)}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {children}
    </div>
  );
}
