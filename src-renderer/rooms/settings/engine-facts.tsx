/** The workspace and engine of this window. */
import type { ReactElement } from 'react';
import { useEngine, useRoom } from '../../engine/index.ts';
import { age } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import textStyles from '../../kit/styles/text.module.css';
import { Section } from './row.tsx';
import styles from './settings.module.css';

export function EngineFacts(): ReactElement {
  const engine = useRoom('engine');
  const setup = useRoom('setup');
  const live = useEngine((state) => state.connection === 'live');
  const now = useNowSeconds();
  const facts: readonly (readonly [string, string, boolean])[] = [
    ['Workspace', engine.workspace, true],
    ['Engine', live ? 'connected' : 'not connected', false],
    ['Version', `${engine.version}, API version ${String(engine.contract)}`, false],
    ['Build', engine.build, true],
    ['Process', `${String(engine.pid)}, started ${age(now - engine.started)}`, false],
    ['System', engine.platform, false],
    ['Python', setup.python.detail, false],
    ['Device', setup.device.detail, false],
  ];
  return (
    <Section id="engine" title="Workspace and engine">
      <dl className={styles.facts}>
        {facts.map(([name, value, isMono]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={isMono ? textStyles.mono : textStyles.secondary}>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
