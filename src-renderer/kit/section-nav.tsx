/** Links to the sections of a long screen, each with a count. */
import type { ReactElement, ReactNode } from 'react';
import layoutStyles from './styles/layout.module.css';
import textStyles from './styles/text.module.css';

export interface NavSection {
  readonly name: string;
  /** Id of the element to scroll to. */
  readonly anchor: string;
  /** Not shown when 0. */
  readonly count: number;
}

export function SectionNav({
  label,
  sections,
  children,
}: {
  readonly label: string;
  readonly sections: readonly NavSection[];
  /** A note below the links. */
  readonly children: ReactNode;
}): ReactElement {
  return (
    <nav className={layoutStyles.sectionNavigation} aria-label={label}>
      {sections.map(({ name, anchor, count }) => (
        <button
          key={anchor}
          type="button"
          onClick={() => {
            document.getElementById(anchor)?.scrollIntoView({ block: 'start' });
          }}
        >
          <span>{name}</span>
          {count === 0 ? null : <em className={textStyles.number}>{count}</em>}
        </button>
      ))}
      <p className={textStyles.caption}>{children}</p>
    </nav>
  );
}
