/**
 * Below the base model setting: models that can be downloaded or created, or copied from a local
 * folder.
 */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, useEngine, useLost } from '../../engine/index.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import { percent } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './config.module.css';

/** Ids of the base models that are ready to use. */
export function useReadyBases(): readonly string[] {
  const setup = useEngine((state) => state.rooms?.setup ?? null);
  return setup?.bases.filter((base) => base.state === 'ready').map((base) => base.id) ?? [];
}

/** Built in: downloaded or created by the program, not copied from a folder. */
const isBuiltIn = (id: string): boolean => id === 'smollm2' || id === 'starter';

export function MoreBases(): ReactElement | null {
  const setup = useEngine((state) => state.rooms?.setup ?? null);
  const lost = useLost();
  const [folder, setFolder] = useState('');
  if (setup === null) return null;
  // A folder that can be copied has its own row.
  const others = setup.bases.filter(
    (base) => base.state !== 'ready' && (isBuiltIn(base.id) || base.state !== 'available'),
  );
  const isMaking = others.some((base) => base.state === 'making');
  const copy = (path: string): void => {
    void command((engine) => engine.setup.choose({ base: 'folder', folder: path }));
  };
  return (
    <details className={styles.bases}>
      <summary className={textStyles.caption}>Add a base model</summary>
      {others.map((base) => (
        <div key={base.id} className={layoutStyles.row} aria-live="polite">
          <span className={layoutStyles.grow}>
            <span className={textStyles.strong}>{base.label}</span>{' '}
            <span className={base.state === 'failed' ? textStyles.failure : textStyles.tertiary}>
              {base.state === 'making'
                ? `preparing, ${percent((base.progress ?? 0) * 100)}`
                : (base.message ?? base.detail)}
            </span>
          </span>
          {base.state === 'making' ? (
            <Button
              size="xs"
              disabled={lost}
              aria-label={`Cancel ${base.label}`}
              onClick={() => {
                void command((engine) => engine.setup.cancel());
              }}
            >
              Cancel
            </Button>
          ) : isBuiltIn(base.id) ? (
            <Button
              size="xs"
              disabled={lost || isMaking}
              aria-label={`Add ${base.label}`}
              onClick={() => {
                const id = base.id === 'smollm2' ? 'smollm2' : 'starter';
                void command((engine) => engine.setup.choose({ base: id, folder: null }));
              }}
            >
              {base.state === 'failed' ? 'Try again' : 'Add'}
            </Button>
          ) : null}
        </div>
      ))}
      <div className={layoutStyles.row}>
        <FolderField
          className={layoutStyles.grow}
          label="Local model folder"
          placeholder="path to a folder with safetensors"
          value={folder}
          onChange={setFolder}
        />
        <Button
          size="xs"
          disabled={lost || isMaking || folder.trim() === ''}
          onClick={() => {
            copy(folder.trim());
          }}
        >
          Copy folder
        </Button>
      </div>
    </details>
  );
}
