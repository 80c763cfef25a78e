/** Root component: waiting for the engine, first run, or the frame with a screen. */
import { useEffect, useMemo, useState, type ComponentType, type ReactElement } from 'react';
import { nextZoom, screenName, type Screen } from '../../src-main/contract/index.ts';
import { useEngine } from '../engine/index.ts';
import { useHost, type Host } from '../host/index.ts';
import { ConfigScreen } from '../rooms/config/index.ts';
import { Dashboard, prepare } from '../rooms/dashboard/index.ts';
import { DataScreen, DropOverlay, addFiles } from '../rooms/data/index.ts';
import { Diagnostics } from '../rooms/diagnostics/index.ts';
import { HealthScreen } from '../rooms/health/index.ts';
import { HelpScreen } from '../rooms/help/index.ts';
import { LogsScreen } from '../rooms/logs/index.ts';
import { ModelsScreen } from '../rooms/models/index.ts';
import type { OpenScreen } from '../rooms/notices/index.ts';
import { PlaygroundScreen } from '../rooms/playground/index.ts';
import { QueueScreen } from '../rooms/queue/index.ts';
import { SettingsScreen } from '../rooms/settings/index.ts';
import { FirstRun, useFirstRun } from '../rooms/setup/index.ts';
import styles from './app.module.css';
import { pauseOrResume } from './controls.tsx';
import { useFocusRestoration } from './focus.ts';
import {
  focusSearch,
  isPageAction,
  noAction,
  useFrameShortcuts,
  type FrameActions,
} from './frame-shortcuts.ts';
import { Header } from './header.tsx';
import { go, goTo, useNavigation } from './navigation.ts';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { ShortcutList } from './shortcut-list.tsx';
import { mainControl } from './state-cell.ts';
import { StopDialog } from './stop-dialog.tsx';
import { Waiting } from './waiting.tsx';

/** Zoom shortcuts work in the desktop app only; a browser has its own. */
function zoomActions({
  preferences,
}: Host): Pick<FrameActions, 'zoom_in' | 'zoom_out' | 'zoom_reset'> {
  if (preferences === null) return { zoom_in: noAction, zoom_out: noAction, zoom_reset: noAction };
  const step = (direction: 1 | -1 | 0) => (): void => {
    void preferences
      .get()
      .then(({ zoom }) => preferences.change({ zoom: nextZoom(zoom, direction) }));
  };
  return { zoom_in: step(1), zoom_out: step(-1), zoom_reset: step(0) };
}

const screens: Readonly<Record<Screen, ComponentType<{ readonly onOpen: OpenScreen }>>> = {
  dashboard: Dashboard,
  data: DataScreen,
  queue: QueueScreen,
  models: ModelsScreen,
  playground: PlaygroundScreen,
  config: ConfigScreen,
  health: HealthScreen,
  logs: LogsScreen,
  settings: SettingsScreen,
  help: HelpScreen,
};

/** A component of its own, so that the frame doesn't render again when the screen changes. */
function Main(): ReactElement {
  const screen = useNavigation((state) => state.screen);
  useEffect(() => {
    document.title = `${screenName(screen)}, Nightshift`;
  }, [screen]);
  const Shown = screens[screen];
  return (
    <main className={styles.main} id="main">
      <Shown onOpen={goTo} />
    </main>
  );
}

function Frame(): ReactElement {
  const host = useHost();
  const [stopping, setStopping] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [shortcutsOpen, setShortcutsOpen] = useState(false);
  const actions = useMemo<FrameActions>(
    () => ({
      pause_or_resume: () => {
        const { rooms, connection } = useEngine.getState();
        if (rooms === null || connection !== 'live') return;
        const main = mainControl(rooms.status, rooms.queue.desired_state);
        if (main.enabled && rooms.status.pending === null) pauseOrResume(main.verb);
      },
      stop: () => {
        const { rooms, connection } = useEngine.getState();
        if (connection === 'live' && rooms?.status.current_dataset != null) setStopping(true);
      },
      add_files: () => {
        void host.chooseFiles().then((chosen) => {
          addFiles(chosen, 'normal');
        });
      },
      palette: () => {
        setPaletteOpen(true);
      },
      shortcuts: () => {
        setShortcutsOpen(true);
      },
      settings: () => {
        go('settings');
      },
      search: focusSearch,
      ...zoomActions(host),
    }),
    [host],
  );
  useFrameShortcuts(actions);
  useEffect(
    () =>
      host.onAct((action) => {
        if (isPageAction(action)) actions[action]();
      }),
    [host, actions],
  );
  useEffect(() => host.onOpen(goTo), [host]);
  const live = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    if (!live) return;
    const idle = requestIdleCallback(() => void prepare());
    return () => {
      cancelIdleCallback(idle);
    };
  }, [live]);
  return (
    <div className={styles.app}>
      <Header
        onStop={() => {
          setStopping(true);
        }}
      />
      <Rail onCommands={actions.palette} />
      <Main />
      {paletteOpen ? (
        <Palette
          actions={actions}
          onClose={() => {
            setPaletteOpen(false);
          }}
        />
      ) : null}
      {shortcutsOpen ? (
        <ShortcutList
          onClose={() => {
            setShortcutsOpen(false);
          }}
        />
      ) : null}
      <Diagnostics />
      <StopDialog
        opened={stopping}
        onClose={() => {
          setStopping(false);
        }}
      />
    </div>
  );
}

const showData = (): void => {
  go('data');
};

function Live(): ReactElement {
  useFocusRestoration();
  const firstRun = useFirstRun();
  return (
    <>
      {firstRun ? <FirstRun /> : <Frame />}
      <DropOverlay onAdded={showData} />
    </>
  );
}

export function App(): ReactElement {
  const connection = useEngine((state) => state.connection);
  const known = useEngine((state) => state.rooms !== null);
  useEffect(() => {
    document.documentElement.dataset.connection = connection;
  }, [connection]);
  return known ? <Live /> : <Waiting />;
}
