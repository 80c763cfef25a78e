/** The list of keyboard shortcuts, opened with `?`. */
import { Modal } from '@mantine/core';
import type { ReactElement } from 'react';
import { keysText, shortcuts } from '../../src-main/contract/index.ts';
import { classNames } from '../kit/class-names.ts';
import { isMac } from '../kit/keyboard.ts';
import { useSingleKeyShortcuts } from '../kit/single-key-shortcuts.ts';
import controlStyles from '../kit/styles/controls.module.css';
import textStyles from '../kit/styles/text.module.css';
import styles from './shortcut-list.module.css';

export function ShortcutList({ onClose }: { readonly onClose: () => void }): ReactElement {
  const singleKeyShortcuts = useSingleKeyShortcuts((state) => state.on);
  const groups = [...new Set(shortcuts.map((shortcut) => shortcut.group))];
  return (
    <Modal opened onClose={onClose} size={720} title="Keyboard shortcuts">
      {singleKeyShortcuts ? null : (
        <p className={classNames(textStyles.secondary, styles.hint)}>
          Single-key shortcuts are turned off in Settings.
        </p>
      )}
      <div className={styles.groups}>
        {groups.map((group) => (
          <section key={group}>
            <h2 className={textStyles.label}>{group}</h2>
            <dl>
              {shortcuts
                .filter((shortcut) => shortcut.group === group)
                .map((shortcut) => (
                  <div
                    key={shortcut.text}
                    className={shortcut.single && !singleKeyShortcuts ? styles.disabled : undefined}
                  >
                    <dt>{shortcut.text}</dt>
                    <dd>
                      {shortcut.keys.map((keys) => (
                        <span key={keys} className={controlStyles.keyboardKey}>
                          {keysText(keys, isMac)}
                        </span>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
