/** The settings screen. */
import type { ReactElement } from 'react';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Access } from './access.tsx';
import { Appearance } from './appearance.tsx';
import { Desktop } from './desktop.tsx';
import { EngineFacts } from './engine-facts.tsx';
import { useTastes } from './preferences.ts';
import './settings.css';

export function SettingsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const host = useHost();
  const preferences = useTastes(host.preferences);
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Settings</h1>
        <span className={textStyles.caption}>
          of this window and this machine; what is trained and how is in Config
        </span>
      </div>
      <Notices onOpen={onOpen} />
      <div
        className={classNames(layoutStyles.screenBody, 'settings')}
        tabIndex={0}
        role="region"
        aria-label="Settings"
      >
        <Appearance preferences={preferences} />
        <Desktop preferences={preferences} />
        <Access onOpen={onOpen} />
        <EngineFacts />
      </div>
    </>
  );
}
