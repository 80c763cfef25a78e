/** Shown instead of the lineage chart until there is a validation loss. */
import type { ReactElement } from 'react';
import textStyles from '../../../kit/styles/text.module.css';
import styles from './lineage.module.css';

export const LINEAGE_TITLE = 'Validation (fixed set) over training';

export function LineagePlaceholder(): ReactElement {
  return (
    <section className={styles.lineage} aria-label={LINEAGE_TITLE}>
      <h2 className={textStyles.label}>{LINEAGE_TITLE}</h2>
      <p className={textStyles.secondary}>The curve starts with the first evaluation.</p>
    </section>
  );
}
