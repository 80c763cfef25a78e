/** The name of a point in its row, a toggle button that selects it. */
import type { ReactElement, ReactNode } from 'react';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import { choose } from './models-store.ts';
import listStyles from './point-list.module.css';

export function PointButton({
  id,
  chosen,
  children,
}: {
  readonly id: string;
  readonly chosen: string | null;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <button
      type="button"
      className={classNames(listStyles.pointButton, textStyles.strong)}
      data-key={id}
      aria-pressed={id === chosen}
      onClick={() => {
        choose(id);
      }}
    >
      {children}
    </button>
  );
}
