/** The settings screen. */
import type { ReactElement } from 'react';
import { useHost } from '../../host/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Access } from './access.tsx';
import { Appearance } from './appearance.tsx';
import { Desktop } from './desktop.tsx';
import { EngineFacts } from './engine-facts.tsx';
import { usePreferences } from './preferences.ts';
import './settings.css';

export function SettingsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const host = useHost();
  const preferences = usePreferences(host.preferences);
  return (
    <>
      <div className="sbar">
        <h1 className="title">Settings</h1>
        <span className="micro">
          of this window and this machine; training settings are in Config
        </span>
      </div>
      <Notices onOpen={onOpen} />
      <div className="body settings" tabIndex={0} role="region" aria-label="Settings">
        <Appearance preferences={preferences} />
        <Desktop preferences={preferences} />
        <Access onOpen={onOpen} />
        <EngineFacts />
      </div>
    </>
  );
}
