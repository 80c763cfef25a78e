/** What the desktop does for the user: notifications, starting at login, keeping the machine awake. */
import { Checkbox } from '@mantine/core';
import type { ReactElement } from 'react';
import { notifiableKinds, type NotifiableKind } from '../../../src-main/contract/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import type { Preferences } from './preferences.ts';
import { Row, Section } from './row.tsx';

const kindNames: Readonly<Record<NotifiableKind, string>> = {
  gave_up: 'Training stopped and needs you',
  crash_recovered: 'Recovered after a crash',
  hang: 'Training hung',
  out_of_memory: 'Memory ran out',
  disk: 'The disk comes to its floor',
  dataset_failed: 'A dataset failed or was refused',
  needs_decision: 'A file waits for a decision',
  dataset_done: 'A dataset is done',
  queue_empty: 'The queue is empty',
};

function Kinds({ preferences }: { readonly preferences: Preferences }): ReactElement {
  const { silenced } = preferences.now;
  return (
    <fieldset className="skinds">
      <legend className={textStyles.visuallyHidden}>Kinds of notifications</legend>
      {notifiableKinds.map((kind) => (
        <Checkbox
          key={kind}
          label={kindNames[kind]}
          checked={!silenced.includes(kind)}
          onChange={(event) => {
            const others = silenced.filter((entry) => entry !== kind);
            preferences.change({
              silenced: event.currentTarget.checked ? others : [...others, kind],
            });
          }}
        />
      ))}
    </fieldset>
  );
}

export function Desktop({
  preferences,
}: {
  readonly preferences: Preferences | null;
}): ReactElement {
  const host = useHost();
  if (host.preferences === null)
    return (
      <Section id="desktop" title="Desktop">
        <p className={classNames(textStyles.secondary, 'snote')}>
          Notifications of the system, starting at login and keeping the machine awake are the
          desktop application’s; they are set in its window. Notices stand in this page as well.
        </p>
      </Section>
    );
  if (preferences === null)
    return (
      <Section id="desktop" title="Desktop">
        <p className={classNames(textStyles.tertiary, 'snote')}>not known yet</p>
      </Section>
    );
  return (
    <Section id="desktop" title="Desktop">
      {preferences.problem === null ? null : (
        <p className={classNames(textStyles.failure, 'snote')} role="alert">
          The system refused the change: {preferences.problem}
        </p>
      )}
      <Row
        name="Notifications"
        help="At most one of a kind in 10 min, then one summary. A kind that is off stays a notice in the window."
      >
        <Kinds preferences={preferences} />
      </Row>
      <Row
        name="At login"
        help="The window stays in the tray; the engine is started, and training goes on where it was."
      >
        <Checkbox
          label="Start Nightshift at login"
          checked={preferences.now.startAtLogin}
          onChange={(event) => {
            preferences.change({ startAtLogin: event.currentTarget.checked });
          }}
        />
      </Row>
      <Row
        name="Sleep"
        help="Only while a trainer works. Paused and idle, the machine may sleep; the screen may always."
      >
        <Checkbox
          label="Keep the machine awake while it trains"
          checked={preferences.now.keepAwake}
          onChange={(event) => {
            preferences.change({ keepAwake: event.currentTarget.checked });
          }}
        />
      </Row>
    </Section>
  );
}
