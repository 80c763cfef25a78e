/** The rail: screens with counts, theme, and connection state. */
import { Tooltip, useMantineColorScheme } from '@mantine/core';
import {
  IconActivity,
  IconAdjustments,
  IconCommand,
  IconDatabase,
  IconDeviceDesktop,
  IconFileText,
  IconHeartbeat,
  IconHelpCircle,
  IconListNumbers,
  IconMessage,
  IconMoon,
  IconSettings,
  IconStack2,
  IconSun,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { screenTable, type Screen } from '../../src-main/contract/index.ts';
import { useEngine, useRoom } from '../engine/index.ts';
import { age } from '../kit/format.ts';
import { useNow } from '../kit/now.ts';
import { queued } from '../rooms/queue/index.ts';
import { useNavigation } from './navigation.ts';
import styles from './rail.module.css';

interface Pill {
  readonly count: number;
  readonly needsAttention: boolean;
}

const icons: Readonly<Record<Screen, typeof IconActivity>> = {
  dashboard: IconActivity,
  data: IconDatabase,
  queue: IconListNumbers,
  models: IconStack2,
  playground: IconMessage,
  config: IconAdjustments,
  health: IconHeartbeat,
  logs: IconFileText,
  settings: IconSettings,
  help: IconHelpCircle,
};
/** Screens at the bottom of the rail. */
const atTheEnd: ReadonlySet<Screen> = new Set(['settings', 'help']);

function usePills(): Readonly<Partial<Record<Screen, Pill>>> {
  const datasets = useRoom('datasets');
  const drift = useRoom('config').drift.length;
  const failing = useRoom('health').filter((entry) => entry.state === 'fail').length;
  const decide = datasets.filter((dataset) => dataset.verdict === 'needs_decision').length;
  const { waiting } = queued(datasets);
  return {
    data: { count: decide, needsAttention: true },
    queue: { count: waiting, needsAttention: false },
    config: { count: drift, needsAttention: true },
    health: { count: failing, needsAttention: true },
  };
}

function Entry({
  id,
  name,
  pill,
}: {
  readonly id: Screen;
  readonly name: string;
  readonly pill: Pill | undefined;
}): ReactElement {
  const screen = useNavigation((state) => state.screen);
  const Icon = icons[id];
  const count = pill?.count ?? 0;
  const needsAttention = pill?.needsAttention === true;
  return (
    <a
      href={`#/${id}`}
      aria-current={id === screen ? 'page' : undefined}
      aria-label={
        count === 0
          ? name
          : `${name}, ${String(count)} ${needsAttention ? 'need attention' : 'waiting'}`
      }
    >
      <Icon aria-hidden="true" />
      <span>{name}</span>{' '}
      {count === 0 ? null : (
        <em className={needsAttention ? styles.attention : undefined}>{count}</em>
      )}
    </a>
  );
}

const schemes = ['auto', 'dark', 'light'] as const;
const schemeFacts = {
  auto: { Icon: IconDeviceDesktop, label: 'Theme: system' },
  dark: { Icon: IconMoon, label: 'Theme: dark' },
  light: { Icon: IconSun, label: 'Theme: light' },
} as const;

export function ThemeButton(): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon, label } = schemeFacts[colorScheme];
  const next = schemes[(schemes.indexOf(colorScheme) + 1) % schemes.length] ?? 'auto';
  return (
    <Tooltip
      label={`${label}. Click for: ${schemeFacts[next].label.toLowerCase()}`}
      position="right"
    >
      <button
        type="button"
        className={styles.button}
        aria-label={label}
        onClick={() => {
          setColorScheme(next);
        }}
      >
        <Icon aria-hidden="true" />
        <span>{label}</span>
      </button>
    </Tooltip>
  );
}

function ConnectionLine(): ReactElement {
  const connection = useEngine((state) => state.connection);
  const heard = useEngine((state) => state.heard);
  const facts = useRoom('engine');
  const now = useNow();
  const text = connection === 'lost' ? 'Engine not connected' : 'Engine connected';
  const more =
    connection === 'lost'
      ? `last update ${age((now - heard) / 1000)}`
      : `Engine ${facts.version}, process ${String(facts.pid)}, started ${age(now / 1000 - facts.started)}`;
  return (
    <Tooltip label={more} position="right">
      <div className={styles.connection}>
        <i aria-hidden="true" />
        <span>{text}</span>
      </div>
    </Tooltip>
  );
}

export function Rail({ onCommands }: { readonly onCommands: () => void }): ReactElement {
  const pills = usePills();
  const entries = (end: boolean): readonly ReactElement[] =>
    screenTable
      .filter(({ id }) => atTheEnd.has(id) === end)
      .map(({ id, name }) => <Entry key={id} id={id} name={name} pill={pills[id]} />);
  return (
    <nav className={styles.rail} aria-label="Screens">
      {entries(false)}
      <div className={styles.end}>
        <button
          type="button"
          className={styles.button}
          aria-haspopup="dialog"
          aria-label="Command palette"
          onClick={onCommands}
        >
          <IconCommand aria-hidden="true" />
          <span>Command palette</span>
        </button>
        {entries(true)}
        <ThemeButton />
        <ConnectionLine />
      </div>
    </nav>
  );
}
