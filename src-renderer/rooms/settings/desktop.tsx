/**
 * Settings of the desktop application: notifications, start at login, keeping the machine awake.
 */
import { Checkbox } from '@mantine/core';
import type { ReactElement } from 'react';
import { notifiableKinds, type NotifiableKind } from '../../../src-main/contract/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import type { Preferences } from './preferences.ts';
import { Row, Section } from './row.tsx';
import styles from './settings.module.css';

const KIND_NAMES: Readonly<Record<NotifiableKind, string>> = {
  gave_up: 'Training stopped and needs attention',
  crash_recovered: 'Recovered after a crash',
  hang: 'Training hangs',
  out_of_memory: 'Out of memory',
  disk: 'Low disk space',
  dataset_failed: 'A dataset failed or was refused',
  needs_decision: 'A file needs your decision',
  dataset_done: 'A dataset finished',
  queue_empty: 'The queue is empty',
};

function Kinds({ preferences }: { readonly preferences: Preferences }): ReactElement {
  const { silenced } = preferences.now;
  return (
    <fieldset className={styles.kinds}>
      <legend className={textStyles.visuallyHidden}>Kinds of notifications</legend>
      {notifiableKinds.map((kind) => (
        <Checkbox
          key={kind}
          label={KIND_NAMES[kind]}
          checked={!silenced.includes(kind)}
          onChange={(event) => {
            const others = silenced.filter((silencedKind) => silencedKind !== kind);
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
        <p className={classNames(textStyles.secondary, styles.note)}>
          System notifications, starting at login and keeping the machine awake are settings of the
          desktop application. Notices are also shown on this page.
        </p>
      </Section>
    );
  if (preferences === null)
    return (
      <Section id="desktop" title="Desktop">
        <p className={classNames(textStyles.tertiary, styles.note)}>loading</p>
      </Section>
    );
  return (
    <Section id="desktop" title="Desktop">
      {preferences.problem === null ? null : (
        <p className={classNames(textStyles.failure, styles.note)} role="alert">
          The system rejected the change: {preferences.problem}
        </p>
      )}
      <Row
        name="Notifications"
        help="At most one of a kind in 10 min, then a summary. Kinds that are off are still shown in the app."
      >
        <Kinds preferences={preferences} />
      </Row>
      <Row name="At login" help="Starts in the tray and resumes training.">
        <Checkbox
          label="Start Nightshift at login"
          checked={preferences.now.startAtLogin}
          onChange={(event) => {
            preferences.change({ startAtLogin: event.currentTarget.checked });
          }}
        />
      </Row>
      <Row name="Sleep" help="Only while training. The display can still sleep.">
        <Checkbox
          label="Keep the machine awake while training"
          checked={preferences.now.keepAwake}
          onChange={(event) => {
            preferences.change({ keepAwake: event.currentTarget.checked });
          }}
        />
      </Row>
    </Section>
  );
}
