/** The settings screen. */
import type { ReactElement } from 'react';
import { useHost } from '../../host/index.ts';
import { ScreenRegion } from '../../kit/screen-region.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Access } from './access.tsx';
import { Appearance } from './appearance.tsx';
import { Desktop } from './desktop.tsx';
import { EngineFacts } from './engine-facts.tsx';
import { usePreferences } from './preferences.ts';
import styles from './settings.module.css';

export function SettingsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const host = useHost();
  const preferences = usePreferences(host.preferences);
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Settings</h1>
        <span className={textStyles.caption}>
          of this window and this machine; training settings are in Config
        </span>
      </div>
      <Notices onOpen={onOpen} />
      <ScreenRegion label="Settings" className={styles.screen}>
        <Appearance preferences={preferences} />
        <Desktop preferences={preferences} />
        <Access onOpen={onOpen} />
        <EngineFacts />
      </ScreenRegion>
    </>
  );
}
