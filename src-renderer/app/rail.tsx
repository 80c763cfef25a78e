/** The rail: the screens that are there, how many files need the user, the colours, and the connection. */
import { Tooltip, useMantineColorScheme } from '@mantine/core';
import {
  IconActivity,
  IconAdjustments,
  IconCommand,
  IconDatabase,
  IconDeviceDesktop,
  IconFileText,
  IconListNumbers,
  IconMoon,
  IconStack2,
  IconSun,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useEngine, useRoom } from '../engine/index.ts';
import { age } from '../kit/format.ts';
import { useNow } from '../kit/now.ts';
import { useNavigation, type ScreenName } from './navigation.ts';

interface Entry {
  readonly id: ScreenName;
  readonly name: string;
  readonly Icon: typeof IconActivity;
  readonly count: number;
  readonly needsYou: boolean;
}

function useEntries(): readonly Entry[] {
  const datasets = useRoom('datasets');
  const drift = useRoom('config').drift.length;
  const decide = datasets.filter((one) => one.verdict === 'decide').length;
  const waiting = datasets.filter(
    (one) => one.place === 'queue' && one.verdict !== 'decide',
  ).length;
  return [
    { id: 'dashboard', name: 'Dashboard', Icon: IconActivity, count: 0, needsYou: false },
    { id: 'data', name: 'Data', Icon: IconDatabase, count: decide, needsYou: true },
    { id: 'queue', name: 'Queue', Icon: IconListNumbers, count: waiting, needsYou: false },
    { id: 'models', name: 'Models', Icon: IconStack2, count: 0, needsYou: false },
    { id: 'config', name: 'Config', Icon: IconAdjustments, count: drift, needsYou: true },
    { id: 'logs', name: 'Logs', Icon: IconFileText, count: 0, needsYou: false },
  ];
}

const schemes = ['auto', 'dark', 'light'] as const;
const schemeFacts = {
  auto: { Icon: IconDeviceDesktop, label: 'System colours' },
  dark: { Icon: IconMoon, label: 'Dark' },
  light: { Icon: IconSun, label: 'Light' },
} as const;

export function ThemeButton(): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon, label } = schemeFacts[colorScheme];
  const next = schemes[(schemes.indexOf(colorScheme) + 1) % schemes.length] ?? 'auto';
  return (
    <Tooltip label={`Colours: ${label}. Next: ${schemeFacts[next].label}`} position="right">
      <button
        type="button"
        className="theme"
        aria-label={`Colours: ${label}`}
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
  const text = connection === 'lost' ? 'Engine not reached' : 'Engine connected';
  const more =
    connection === 'lost'
      ? `last heard ${age((now - heard) / 1000)}`
      : `Engine ${facts.version}, process ${String(facts.pid)}, started ${age(now / 1000 - facts.started)}`;
  return (
    <Tooltip label={more} position="right">
      <div className="conn">
        <i aria-hidden="true" />
        <span>{text}</span>
      </div>
    </Tooltip>
  );
}

export function Rail({ onCommands }: { readonly onCommands: () => void }): ReactElement {
  const entries = useEntries();
  const screen = useNavigation((state) => state.screen);
  return (
    <nav className="rail" aria-label="Screens">
      {entries.map(({ id, name, Icon, count, needsYou }) => (
        <a
          key={id}
          href={`#/${id}`}
          aria-current={id === screen ? 'page' : undefined}
          aria-label={
            count === 0 ? name : `${name}, ${String(count)} ${needsYou ? 'need you' : 'waiting'}`
          }
        >
          <Icon aria-hidden="true" />
          <span>{name}</span>{' '}
          {count === 0 ? null : <em className={needsYou ? 'att' : ''}>{count}</em>}
        </a>
      ))}
      <div className="end">
        <button type="button" className="theme" aria-haspopup="dialog" onClick={onCommands}>
          <IconCommand aria-hidden="true" />
          <span>Commands</span>
        </button>
        <ThemeButton />
        <ConnectionLine />
      </div>
    </nav>
  );
}
