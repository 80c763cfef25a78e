/** Colours, size, and whether single letters are keys. */
import { Checkbox, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import type { ReactElement } from 'react';
import { keysText, zoomSteps } from '../../../src-main/contract/index.ts';
import { useHost } from '../../host/index.ts';
import { isMac } from '../../kit/keyboard.ts';
import { setLetters, useLetters } from '../../kit/letters.ts';
import { Row, Section } from './row.tsx';
import type { Tastes } from './tastes.ts';

const schemes = [
  { value: 'auto', label: 'System' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
] as const;

function Size({ tastes }: { readonly tastes: Tastes | null }): ReactElement {
  const host = useHost();
  const keys = ['CmdOrCtrl+Plus', 'CmdOrCtrl+-', 'CmdOrCtrl+0'].map((name) => keysText(name, isMac));
  if (host.tastes === null)
    return (
      <p className="t2">
        The browser’s own: {keys[0]}, {keys[1]}, {keys[2]}.
      </p>
    );
  if (tastes === null) return <p className="t3">not known yet</p>;
  const steps = zoomSteps.some((zoomStep) => zoomStep === tastes.now.zoom)
    ? zoomSteps
    : [...zoomSteps, tastes.now.zoom].sort((a, b) => a - b);
  return (
    <SegmentedControl
      aria-label="Size of the interface"
      value={String(tastes.now.zoom)}
      data={steps.map((step) => ({ value: String(step), label: `${String(step)}\u00a0%` }))}
      onChange={(value) => {
        tastes.change({ zoom: Number(value) });
      }}
    />
  );
}

export function Appearance({ tastes }: { readonly tastes: Tastes | null }): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const letters = useLetters((state) => state.on);
  return (
    <Section id="appearance" title="Appearance and keys">
      <Row name="Colours">
        <SegmentedControl
          aria-label="Colours"
          value={colorScheme}
          data={schemes.map((scheme) => ({ ...scheme }))}
          onChange={setColorScheme}
        />
      </Row>
      <Row name="Size">
        <Size tastes={tastes} />
      </Row>
      <Row
        name="Single letters"
        help="G with a letter, /, ?, J and K, H, and + − 0 in charts. Combinations with Ctrl or Alt are not touched by this."
      >
        <Checkbox
          label="Single letters and signs are keys"
          checked={letters}
          onChange={(event) => {
            setLetters(event.currentTarget.checked);
          }}
        />
      </Row>
    </Section>
  );
}
