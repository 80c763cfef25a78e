/** One setting: name, control and help. */
import type { ReactElement, ReactNode } from 'react';
import textStyles from '../../kit/styles/text.module.css';
import styles from './settings.module.css';

export function Row({
  name,
  help,
  children,
}: {
  readonly name: string;
  readonly help?: ReactNode;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className={styles.row}>
      <div className={textStyles.strong}>{name}</div>
      <div className={styles.control}>
        {children}
        {help === undefined ? null : <p className={textStyles.caption}>{help}</p>}
      </div>
    </div>
  );
}

export function Section({
  id,
  title,
  children,
}: {
  readonly id: string;
  readonly title: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <section className={styles.section} aria-labelledby={`settings-${id}`}>
      <h2 className={textStyles.title} id={`settings-${id}`}>
        {title}
      </h2>
      {children}
    </section>
  );
}
