/** Pause, resume, retry and stop. Shows the age of a command that the engine hasn't executed yet. */
import { Button, Tooltip } from '@mantine/core';
import {
  IconChevronDown,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { command, useLost, useRoom } from '../engine/index.ts';
import { useNowSeconds } from '../kit/now.ts';
import textStyles from '../kit/styles/text.module.css';
import styles from './controls.module.css';
import { mainControl, pendingText } from './state-cell.ts';

const LOST_REASON =
  'Can’t reach the engine. Creating the file .stop in the workspace still stops training.';

export function pauseOrResume(verb: 'pause' | 'resume'): void {
  void command((engine) => engine.training[verb]({ by: 'you (window)' }));
}

export function Controls({ onStop }: { readonly onStop: () => void }): ReactElement {
  const status = useRoom('status');
  const { desired_state: desiredState } = useRoom('queue');
  const lost = useLost();
  const now = useNowSeconds();
  const main = mainControl(status, desiredState);
  const pending = pendingText(status, now);
  const stoppable = status.current_dataset !== null && desiredState !== 'stopped';
  const Icon = main.verb === 'pause' ? IconPlayerPause : IconPlayerPlay;
  return (
    <div className={styles.controls}>
      <Tooltip
        label={lost ? LOST_REASON : `${main.why} (Ctrl Shift P)`}
        events={{ hover: true, focus: true, touch: false }}
      >
        <Button
          size="md"
          aria-label={main.label}
          leftSection={<Icon aria-hidden="true" />}
          disabled={lost || !main.enabled || pending !== null}
          onClick={() => {
            pauseOrResume(main.verb);
          }}
        >
          <span className={textStyles.number}>{pending ?? main.label}</span>
        </Button>
      </Tooltip>
      <Tooltip
        label={lost ? LOST_REASON : stoppable ? 'Stop (Ctrl .)' : 'No dataset is training'}
        events={{ hover: true, focus: true, touch: false }}
      >
        <Button
          size="md"
          aria-label="Stop"
          aria-haspopup="dialog"
          leftSection={<IconPlayerStop aria-hidden="true" />}
          rightSection={<IconChevronDown aria-hidden="true" />}
          disabled={lost || !stoppable}
          onClick={onStop}
        >
          Stop
        </Button>
      </Tooltip>
    </div>
  );
}
