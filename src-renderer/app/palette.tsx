/** The command palette: every action of the frame and every screen, found by typing. Ctrl or Cmd K. */
import { Modal, useMantineColorScheme } from '@mantine/core';
import { Command } from 'cmdk';
import type { ReactElement } from 'react';
import { keysOf, keysText, screenTable, type ActionName } from '../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../engine/index.ts';
import { isMac } from '../kit/keyboard.ts';
import { setSingleKeyShortcuts, useSingleKeyShortcuts } from '../kit/single-key-shortcuts.ts';
import controlStyles from '../kit/styles/controls.module.css';
import layoutStyles from '../kit/styles/layout.module.css';
import textStyles from '../kit/styles/text.module.css';
import { openDiagnostics } from '../rooms/diagnostics/index.ts';
import { useModelCommands } from '../rooms/models/index.ts';
import { nothing, type FrameActions } from './frame-shortcuts.ts';
import { go } from './navigation.ts';
import { rankOf } from './command-ranking.ts';
import { mainControl } from './state-cell.ts';
import './palette.css';

interface Act {
  readonly name: string;
  readonly keys: string | null;
  readonly group: string;
  readonly run: () => void;
}

const keysFor = (act: ActionName): string => keysText(keysOf(act), isMac);
const by = 'you (window)';

function useTrainingCommands(acts: FrameActions): readonly (Act | null)[] {
  const status = useRoom('status');
  const { desired_state: desiredState } = useRoom('queue');
  const lost = useLost();
  const main = mainControl(status, desiredState);
  const training = status.current_dataset !== null && !lost;
  const group = 'Training';
  const plain = (name: string, run: () => void): Act | null =>
    training ? { name, keys: null, group, run } : null;
  return [
    !lost && main.enabled
      ? { name: main.label, keys: keysFor('pause_or_resume'), group, run: acts.pause_or_resume }
      : null,
    training
      ? { name: 'Stop, with a choice of ways', keys: keysFor('stop'), group, run: acts.stop }
      : null,
    plain('Skip this dataset', () => void command((engine) => engine.training.skip({ by }))),
    plain(
      'Stop after this dataset',
      () => void command((engine) => engine.training.stop({ now: false, by })),
    ),
    lost
      ? null
      : { name: 'Add files', keys: keysFor('add_files'), group: 'Data', run: acts.add_files },
  ];
}

function useInterfaceCommands(acts: FrameActions): readonly (Act | null)[] {
  const { setColorScheme } = useMantineColorScheme();
  const singleKeyShortcuts = useSingleKeyShortcuts((state) => state.on);
  const group = 'Interface';
  const act = (name: string, run: () => void, keys: string | null = null): Act => ({
    name,
    keys,
    group,
    run,
  });
  const zoom = (name: string, which: 'zoom_in' | 'zoom_out' | 'zoom_reset'): Act | null =>
    acts[which] === nothing ? null : act(name, acts[which], keysFor(which));
  return [
    act('Keys', acts.shortcuts, '?'),
    act('Dark colors', () => {
      setColorScheme('dark');
    }),
    act('Light colors', () => {
      setColorScheme('light');
    }),
    act('Colors of the system', () => {
      setColorScheme('auto');
    }),
    zoom('Larger', 'zoom_in'),
    zoom('Smaller', 'zoom_out'),
    zoom('Size 100 %', 'zoom_reset'),
    act(singleKeyShortcuts ? 'Single letter keys off' : 'Single letter keys on', () => {
      setSingleKeyShortcuts(!singleKeyShortcuts);
    }),
    act('Save diagnostics', openDiagnostics),
  ];
}

export function Palette({
  acts,
  onClose,
}: {
  readonly acts: FrameActions;
  readonly onClose: () => void;
}): ReactElement {
  const all: readonly Act[] = [
    ...useTrainingCommands(acts),
    ...useModelCommands().map((command): Act => ({
      name: command.name,
      keys: null,
      group: 'Models',
      run: () => {
        go('models');
        command.run();
      },
    })),
    ...screenTable.map(({ id, name, letter }): Act => ({
      name: `Open ${name}`,
      keys: keysText(`G ${letter}`),
      group: 'Screens',
      run: () => {
        go(id);
      },
    })),
    ...useInterfaceCommands(acts),
  ].filter((entry) => entry !== null);
  const groups = [...new Set(all.map((act) => act.group))];
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={560}
      yOffset="12vh"
      centered={false}
      title={<span className={textStyles.visuallyHidden}>Commands</span>}
      classNames={{ header: 'pal-head', body: 'pal-body' }}
    >
      <Command label="Commands" className="pal" loop filter={rankOf}>
        <Command.Input autoFocus data-autofocus placeholder="Type what you want to do" />
        <Command.List>
          <Command.Empty>No command matches.</Command.Empty>
          {groups.map((group) => (
            <Command.Group key={group} heading={group}>
              {all
                .filter((act) => act.group === group)
                .map((act) => (
                  <Command.Item
                    key={act.name}
                    value={act.name}
                    onSelect={() => {
                      onClose();
                      act.run();
                    }}
                  >
                    <span className={layoutStyles.grow}>{act.name}</span>
                    {act.keys === null ? null : (
                      <span className={controlStyles.keyboardKey}>{act.keys}</span>
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
