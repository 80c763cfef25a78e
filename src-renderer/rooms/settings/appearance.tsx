/** Theme, interface size, and single-key shortcuts. */
import { Checkbox, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import type { ReactElement } from 'react';
import { keysText, zoomSteps } from '../../../src-main/contract/index.ts';
import { useHost } from '../../host/index.ts';
import { isMac } from '../../kit/keyboard.ts';
import { setSingleKeyShortcuts, useSingleKeyShortcuts } from '../../kit/single-key-shortcuts.ts';
import textStyles from '../../kit/styles/text.module.css';
import type { Preferences } from './preferences.ts';
import { Row, Section } from './row.tsx';

const SCHEMES = [
  { value: 'auto', label: 'System' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
] as const;

function Size({ preferences }: { readonly preferences: Preferences | null }): ReactElement {
  const host = useHost();
  const keys = ['CmdOrCtrl+Plus', 'CmdOrCtrl+-', 'CmdOrCtrl+0'].map((name) =>
    keysText(name, isMac),
  );
  if (host.preferences === null)
    return (
      <p className={textStyles.secondary}>
        Use the browser’s zoom: {keys[0]}, {keys[1]}, {keys[2]}.
      </p>
    );
  if (preferences === null) return <p className={textStyles.tertiary}>loading</p>;
  const steps = zoomSteps.some((zoomStep) => zoomStep === preferences.now.zoom)
    ? zoomSteps
    : [...zoomSteps, preferences.now.zoom].sort((a, b) => a - b);
  return (
    <SegmentedControl
      aria-label="Interface size"
      value={String(preferences.now.zoom)}
      data={steps.map((step) => ({ value: String(step), label: `${String(step)}\u00a0%` }))}
      onChange={(value) => {
        preferences.change({ zoom: Number(value) });
      }}
    />
  );
}

export function Appearance({
  preferences,
}: {
  readonly preferences: Preferences | null;
}): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const singleKeyShortcuts = useSingleKeyShortcuts((state) => state.on);
  return (
    <Section id="appearance" title="Appearance and keyboard">
      <Row name="Theme">
        <SegmentedControl
          aria-label="Theme"
          value={colorScheme}
          data={SCHEMES.map((scheme) => ({ ...scheme }))}
          onChange={setColorScheme}
        />
      </Row>
      <Row name="Size">
        <Size preferences={preferences} />
      </Row>
      <Row
        name="Keyboard"
        help="G then a letter, /, ?, J and K, H, and + − 0 in charts. Doesn’t affect Ctrl/Alt shortcuts."
      >
        <Checkbox
          label="Single-key shortcuts"
          checked={singleKeyShortcuts}
          onChange={(event) => {
            setSingleKeyShortcuts(event.currentTarget.checked);
          }}
        />
      </Row>
    </Section>
  );
}
