/** The command palette: every action of the frame and every screen, found by typing. Ctrl or Cmd K. */
import { Modal } from '@mantine/core';
import { Command } from 'cmdk';
import type { ReactElement } from 'react';
import { command, useLost, useRoom } from '../engine/index.ts';
import { useModelsActs } from '../rooms/models/index.ts';
import type { FrameActs } from './keys.ts';
import { go, screens, type ScreenName } from './navigation.ts';
import { mainControl } from './state-word.ts';
import './palette.css';

interface Act {
  readonly name: string;
  readonly keys: string | null;
  readonly group: string;
  readonly run: () => void;
}

const letters: Readonly<Record<ScreenName, string>> = {
  dashboard: 'D',
  data: 'A',
  queue: 'Q',
  models: 'M',
  config: 'C',
  logs: 'L',
};
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function useActs(acts: FrameActs): readonly Act[] {
  const status = useRoom('status');
  const { latch } = useRoom('queue');
  const lost = useLost();
  const main = mainControl(status, latch);
  const training = status.current_dataset !== null && !lost;
  const models = useModelsActs();
  const by = 'you (window)';
  const acting: readonly (Act | null)[] = [
    !lost && main.enabled
      ? { name: main.label, keys: 'Ctrl Shift P', group: 'Training', run: acts.pauseOrResume }
      : null,
    training
      ? { name: 'Stop, with a choice of ways', keys: 'Ctrl .', group: 'Training', run: acts.stop }
      : null,
    training
      ? {
          name: 'Skip this dataset',
          keys: null,
          group: 'Training',
          run: () => void command((engine) => engine.training.skip({ by })),
        }
      : null,
    training
      ? {
          name: 'Stop after this dataset',
          keys: null,
          group: 'Training',
          run: () => void command((engine) => engine.training.stop({ now: false, by })),
        }
      : null,
    lost ? null : { name: 'Add files', keys: 'Ctrl O', group: 'Data', run: acts.addFiles },
  ];
  return [
    ...acting.filter((one) => one !== null),
    ...models.map((one): Act => ({
      name: one.name,
      keys: null,
      group: 'Models',
      run: () => {
        go('models');
        one.run();
      },
    })),
    ...screens.map((screen): Act => ({
      name: `Open ${capital(screen)}`,
      keys: `G ${letters[screen]}`,
      group: 'Screens',
      run: () => {
        go(screen);
      },
    })),
  ];
}

export function Palette({
  acts,
  onClose,
}: {
  readonly acts: FrameActs;
  readonly onClose: () => void;
}): ReactElement {
  const all = useActs(acts);
  const groups = [...new Set(all.map((one) => one.group))];
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={560}
      yOffset="12vh"
      centered={false}
      title={<span className="visually-hidden">Commands</span>}
      classNames={{ header: 'pal-head', body: 'pal-body' }}
    >
      <Command label="Commands" className="pal" loop>
        <Command.Input autoFocus data-autofocus placeholder="Type what you want to do" />
        <Command.List>
          <Command.Empty>No command matches.</Command.Empty>
          {groups.map((group) => (
            <Command.Group key={group} heading={group}>
              {all
                .filter((one) => one.group === group)
                .map((one) => (
                  <Command.Item
                    key={one.name}
                    value={one.name}
                    onSelect={() => {
                      onClose();
                      one.run();
                    }}
                  >
                    <span className="grow">{one.name}</span>
                    {one.keys === null ? null : <span className="kbd">{one.keys}</span>}
                  </Command.Item>
                ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </Modal>
  );
}
