/** The command palette: actions of the frame and all screens. Ctrl K or Cmd K. */
import { Modal, useMantineColorScheme } from '@mantine/core';
import { Command } from 'cmdk';
import type { ReactElement } from 'react';
import { keysOf, keysText, screenTable, type ActName } from '../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../engine/index.ts';
import { isMac } from '../kit/keyboard.ts';
import { setSingleKeyShortcuts, useSingleKeyShortcuts } from '../kit/single-key-shortcuts.ts';
import controlStyles from '../kit/styles/controls.module.css';
import layoutStyles from '../kit/styles/layout.module.css';
import textStyles from '../kit/styles/text.module.css';
import { openDiagnostics } from '../rooms/diagnostics/index.ts';
import { useModelCommands } from '../rooms/models/index.ts';
import { rankOf } from './command-ranking.ts';
import { noAction, type FrameActions } from './frame-shortcuts.ts';
import { go } from './navigation.ts';
import styles from './palette.module.css';
import { mainControl } from './state-cell.ts';

interface PaletteCommand {
  readonly name: string;
  readonly keys: string | null;
  readonly group: string;
  readonly run: () => void;
}

const keysFor = (action: ActName): string => keysText(keysOf(action), isMac);
const by = 'you (window)';

function useTrainingCommands(actions: FrameActions): readonly (PaletteCommand | null)[] {
  const status = useRoom('status');
  const { desired_state: desiredState } = useRoom('queue');
  const lost = useLost();
  const main = mainControl(status, desiredState);
  const training = status.current_dataset !== null && !lost;
  const group = 'Training';
  const plain = (name: string, run: () => void): PaletteCommand | null =>
    training ? { name, keys: null, group, run } : null;
  return [
    !lost && main.enabled
      ? { name: main.label, keys: keysFor('pause_or_resume'), group, run: actions.pause_or_resume }
      : null,
    training ? { name: 'Stop…', keys: keysFor('stop'), group, run: actions.stop } : null,
    plain('Skip this dataset', () => void command((engine) => engine.training.skip({ by }))),
    plain(
      'Stop after this dataset',
      () => void command((engine) => engine.training.stop({ now: false, by })),
    ),
    lost
      ? null
      : { name: 'Add files', keys: keysFor('add_files'), group: 'Data', run: actions.add_files },
  ];
}

function useInterfaceCommands(actions: FrameActions): readonly (PaletteCommand | null)[] {
  const { setColorScheme } = useMantineColorScheme();
  const singleKeyShortcuts = useSingleKeyShortcuts((state) => state.on);
  const group = 'Interface';
  const entry = (name: string, run: () => void, keys: string | null = null): PaletteCommand => ({
    name,
    keys,
    group,
    run,
  });
  const zoom = (
    name: string,
    which: 'zoom_in' | 'zoom_out' | 'zoom_reset',
  ): PaletteCommand | null =>
    actions[which] === noAction ? null : entry(name, actions[which], keysFor(which));
  return [
    entry('Keyboard shortcuts', actions.shortcuts, '?'),
    entry('Theme: dark', () => {
      setColorScheme('dark');
    }),
    entry('Theme: light', () => {
      setColorScheme('light');
    }),
    entry('Theme: system', () => {
      setColorScheme('auto');
    }),
    zoom('Zoom in', 'zoom_in'),
    zoom('Zoom out', 'zoom_out'),
    zoom('Reset zoom', 'zoom_reset'),
    entry(
      singleKeyShortcuts ? 'Turn off single-key shortcuts' : 'Turn on single-key shortcuts',
      () => {
        setSingleKeyShortcuts(!singleKeyShortcuts);
      },
    ),
    entry('Save diagnostics', openDiagnostics),
  ];
}

export function Palette({
  actions,
  onClose,
}: {
  readonly actions: FrameActions;
  readonly onClose: () => void;
}): ReactElement {
  const all: readonly PaletteCommand[] = [
    ...useTrainingCommands(actions),
    ...useModelCommands().map((command): PaletteCommand => ({
      name: command.name,
      keys: null,
      group: 'Models',
      run: () => {
        go('models');
        command.run();
      },
    })),
    ...screenTable.map(({ id, name, letter }): PaletteCommand => ({
      name: `Open ${name}`,
      keys: keysText(`G ${letter}`),
      group: 'Screens',
      run: () => {
        go(id);
      },
    })),
    ...useInterfaceCommands(actions),
  ].filter((entry) => entry !== null);
  const groups = [...new Set(all.map((item) => item.group))];
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={560}
      yOffset="12vh"
      centered={false}
      title={<span className={textStyles.visuallyHidden}>Command palette</span>}
      classNames={{ header: styles.header ?? '', body: styles.body ?? '' }}
    >
      <Command label="Command palette" className={styles.palette} loop filter={rankOf}>
        <Command.Input autoFocus data-autofocus placeholder="Type a command" />
        <Command.List>
          <Command.Empty>No matching commands.</Command.Empty>
          {groups.map((group) => (
            <Command.Group key={group} heading={group}>
              {all
                .filter((item) => item.group === group)
                .map((item) => (
                  <Command.Item
                    key={item.name}
                    value={item.name}
                    onSelect={() => {
                      onClose();
                      item.run();
                    }}
                  >
                    <span className={layoutStyles.grow}>{item.name}</span>
                    {item.keys === null ? null : (
                      <span className={controlStyles.keyboardKey}>{item.keys}</span>
                    )}
                  </Command.Item>
                ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </Modal>
  );
}
