/** What is chosen before a restore: what happens to undone datasets, and whether settings change back. */
import { Checkbox, Radio, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { type RestorePlan, undoneChoice } from '../../../../src-main/contract/index.ts';
import textStyles from '../../../kit/styles/text.module.css';
import type { RestoreChoices } from './restore-progress.ts';
import { namesText, queueableOf, settingText } from './restore-text.ts';
import restoreStyles from './restore.module.css';

export function RestoreOptions({
  plan,
  choices,
  onChoose,
}: {
  readonly plan: RestorePlan;
  readonly choices: RestoreChoices;
  readonly onChoose: (choices: RestoreChoices) => void;
}): ReactElement | null {
  const names = queueableOf(plan);
  const { settings = [] } = plan;
  if (names.length === 0 && settings.length === 0) return null;
  return (
    <div className={restoreStyles.options}>
      {names.length === 0 ? null : (
        <Radio.Group
          aria-label="Undone datasets"
          value={choices.undone}
          onChange={(value) => {
            onChoose({ ...choices, undone: undoneChoice.parse(value) });
          }}
        >
          <Stack gap="xs">
            <Radio value="hold" label="Hold what is not finished: it waits until you release it" />
            <Radio value="queue" label={`Queue ${namesText(names)} again`} />
            <Radio value="skip" label={`Skip ${namesText(names)}`} />
          </Stack>
        </Radio.Group>
      )}
      {settings.length === 0 ? null : (
        <>
          <p className={textStyles.secondary}>
            Settings change back: {settings.map(settingText).join(', ')}.
          </p>
          <Checkbox
            label="Keep the present settings"
            checked={choices.keepSettings}
            onChange={(event) => {
              onChoose({ ...choices, keepSettings: event.currentTarget.checked });
            }}
          />
        </>
      )}
    </div>
  );
}
