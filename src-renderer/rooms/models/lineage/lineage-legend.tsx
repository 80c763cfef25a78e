/** The heading of the lineage chart: its title, what the marks mean, and the table. */
import type { ReactElement } from 'react';
import { classNames } from '../../../kit/class-names.ts';
import { Mark } from '../../../kit/marks.tsx';
import controlStyles from '../../../kit/styles/controls.module.css';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { openDialog } from '../models-store.ts';
import { LINEAGE_TITLE } from './lineage-placeholder.tsx';
import styles from './lineage.module.css';

const marks = ['version', 'backup', 'checkpoint'] as const;

export function LineageLegend({ hasAbandoned }: { readonly hasAbandoned: boolean }): ReactElement {
  return (
    <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
      <h2 className={textStyles.label}>{LINEAGE_TITLE}</h2>
      <span className={classNames(textStyles.caption, layoutStyles.row, styles.legend)}>
        {marks.map((name) => (
          <span key={name} className={layoutStyles.row}>
            <Mark name={name} />
            {name}
          </span>
        ))}
        {hasAbandoned ? (
          <span className={layoutStyles.row}>
            <svg className={styles.dashSample} viewBox="0 0 22 6" aria-hidden="true">
              <path d="M0 3h22" />
            </svg>
            abandoned branch
          </span>
        ) : null}
        <button
          type="button"
          className={controlStyles.linkButton}
          onClick={() => {
            openDialog({ kind: 'table' });
          }}
        >
          Show as table
        </button>
      </span>
    </div>
  );
}
