/** Under the setting of the base: the models that can be made here, or copied in from a folder. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, useEngine, useLost } from '../../engine/index.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import { percent } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';

/** Ids of the bases that are there. */
export function useReadyBases(): readonly string[] {
  const setup = useEngine((state) => state.rooms?.setup ?? null);
  return setup?.bases.filter((base) => base.state === 'ready').map((base) => base.id) ?? [];
}

/** Made by a recipe of the program, not copied from a folder. */
const isMade = (id: string): boolean => id === 'smollm2' || id === 'starter';

export function MoreBases(): ReactElement | null {
  const setup = useEngine((state) => state.rooms?.setup ?? null);
  const lost = useLost();
  const [folder, setFolder] = useState('');
  if (setup === null) return null;
  // A folder that could be copied in has its own line.
  const others = setup.bases.filter(
    (base) => base.state !== 'ready' && (isMade(base.id) || base.state !== 'available'),
  );
  const isMaking = others.some((other) => other.state === 'making');
  const copy = (path: string): void => {
    void command((engine) => engine.setup.choose({ base: 'folder', folder: path }));
  };
  return (
    <details className="bases">
      <summary className={textStyles.caption}>Add a base model</summary>
      {others.map((other) => (
        <div key={other.id} className={layoutStyles.row} aria-live="polite">
          <span className={layoutStyles.grow}>
            <span className={textStyles.strong}>{other.label}</span>{' '}
            <span className={other.state === 'failed' ? textStyles.failure : textStyles.tertiary}>
              {other.state === 'making'
                ? `being made, ${percent((other.progress ?? 0) * 100)}`
                : (other.message ?? other.detail)}
            </span>
          </span>
          {isMade(other.id) ? (
            <Button
              size="xs"
              disabled={lost || isMaking}
              aria-label={`Make ${other.label}`}
              onClick={() => {
                const base = other.id === 'smollm2' ? 'smollm2' : 'starter';
                void command((engine) => engine.setup.choose({ base, folder: null }));
              }}
            >
              {other.state === 'failed' ? 'Try again' : 'Make'}
            </Button>
          ) : null}
        </div>
      ))}
      <div className={layoutStyles.row}>
        <FolderField
          className={layoutStyles.grow}
          label="Path of a model folder"
          placeholder="path of a folder with safetensors"
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
          Copy it in
        </Button>
      </div>
    </details>
  );
}
