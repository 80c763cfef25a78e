/** What holds for both sides: system message, sampling, limit, device. */
import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import textStyles from '../../kit/styles/text.module.css';
import { changeSettings, usePlayground } from './playground-store.ts';
import styles from './playground.module.css';

/** A number that is taken over only while it is valid. */
function NumberField({
  label,
  help,
  value,
  isValid,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly value: number;
  readonly isValid: (value: number) => boolean;
  readonly onChange: (value: number) => void;
}): ReactElement {
  const [text, setText] = useState(String(value));
  const typed = text.trim() === '' ? Number.NaN : Number(text);
  return (
    <TextInput
      label={label}
      description={help}
      inputMode="decimal"
      value={text}
      error={isValid(typed) ? undefined : help}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        if (next.trim() !== '' && isValid(Number(next))) onChange(Number(next));
      }}
    />
  );
}

const isWhole = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

export function SettingsPanel(): ReactElement {
  const settings = usePlayground((state) => state.settings);
  return (
    <aside className={styles.settings} aria-label="Settings of the answers">
      <h2 className={textStyles.label}>Settings of the answers</h2>
      <Textarea
        label="System message"
        autosize
        minRows={2}
        maxRows={6}
        value={settings.system}
        onChange={(event) => {
          changeSettings({ system: event.currentTarget.value });
        }}
      />
      <NumberField
        label="Temperature"
        help="0 to 2; 0 takes the most probable token"
        value={settings.temperature}
        isValid={(value) => value >= 0 && value <= 2}
        onChange={(temperature) => {
          changeSettings({ temperature });
        }}
      />
      <NumberField
        label="Seed"
        help="A whole number; the same on both sides"
        value={settings.seed}
        isValid={isWhole(0, 2 ** 31 - 1)}
        onChange={(seed) => {
          changeSettings({ seed });
        }}
      />
      <NumberField
        label="Longest answer"
        help="1 to 8,192 tokens"
        value={settings.maxNewTokens}
        isValid={isWhole(1, 8192)}
        onChange={(maxNewTokens) => {
          changeSettings({ maxNewTokens });
        }}
      />
      <NativeSelect
        label="Device"
        data={[
          { value: 'auto', label: 'A free GPU, else the processor' },
          { value: 'cpu', label: 'Processor' },
        ]}
        value={settings.device}
        onChange={(event) => {
          changeSettings({ device: event.currentTarget.value === 'cpu' ? 'cpu' : 'auto' });
        }}
      />
      <Checkbox
        label="Show prompt and raw tokens"
        checked={settings.raw}
        onChange={(event) => {
          changeSettings({ raw: event.currentTarget.checked });
        }}
      />
    </aside>
  );
}
