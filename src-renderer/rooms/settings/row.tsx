/** One setting: name, control and help. */
import type { ReactElement, ReactNode } from 'react';

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
    <div className="srow">
      <div className="strong">{name}</div>
      <div className="scontrol">
        {children}
        {help === undefined ? null : <p className="micro">{help}</p>}
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
    <section className="ssec" aria-labelledby={`settings-${id}`}>
      <h2 className="title" id={`settings-${id}`}>
        {title}
      </h2>
      {children}
    </section>
  );
}
