/** The Health screen. */
import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { Check } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, count, plural } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import { ScreenRegion } from '../../kit/screen-region.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { DiagnosticsButton } from '../diagnostics/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Checks } from './checks.tsx';
import { Costs } from './costs.tsx';
import { Crashes } from './crashes.tsx';
import { Disk } from './disk.tsx';
import { Drill } from './drill.tsx';
import styles from './health.module.css';

const STATE_WORDS = { fail: 'failed', warn: 'with warnings', unknown: 'unknown', ok: 'passed' };

/** `1 check failed, 4 passed`, `5 checks passed` */
function checksText(checks: readonly Check[]): string {
  const counted = (['fail', 'warn', 'unknown', 'ok'] as const)
    .map((state) => ({ state, n: checks.filter((check) => check.state === state).length }))
    .filter(({ n }) => n > 0)
    .map(
      ({ state, n }, index) =>
        `${index === 0 ? plural(n, 'check') : count(n)} ${STATE_WORDS[state]}`,
    );
  return counted.length === 0 ? 'no checks have run' : counted.join(', ');
}

function Facts(): ReactElement {
  const checks = useRoom('health');
  const now = useNowSeconds();
  const newest = Math.max(0, ...checks.map((check) => check.t));
  return (
    <span className={classNames(textStyles.caption, textStyles.number)}>
      {checksText(checks)}
      {newest === 0 ? '' : `, last run ${age(now - newest)}`}
    </span>
  );
}

export function HealthScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const lost = useLost();
  const [running, setRunning] = useState(false);
  const run = async (): Promise<void> => {
    setRunning(true);
    await command((engine) => engine.health.run());
    setRunning(false);
  };
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Health</h1>
        <Facts />
        <span className={layoutStyles.spacer} />
        <Button
          size="xs"
          disabled={lost || running}
          leftSection={<IconRefresh aria-hidden="true" />}
          onClick={() => void run()}
        >
          {running ? 'Running' : 'Run all checks'}
        </Button>
        <DiagnosticsButton />
      </div>
      <Notices onOpen={onOpen} />
      <ScreenRegion label="Health" className={styles.screen}>
        <div className={styles.checks}>
          <Checks onOpen={onOpen} />
          <Costs />
        </div>
        <div className={styles.history}>
          <Crashes />
          <Disk />
          <Drill />
        </div>
      </ScreenRegion>
    </>
  );
}
