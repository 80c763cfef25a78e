/** First run: the base model, chosen, being prepared, or ready. */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement, type ReactNode } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import { percent } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Row } from './row.tsx';
import styles from './setup.module.css';

type Base = Setup['bases'][number];

function BaseOption({
  base,
  chosen,
  onChoose,
  children,
}: {
  readonly base: Base;
  readonly chosen: boolean;
  readonly onChoose: () => void;
  readonly children?: ReactNode;
}): ReactElement {
  return (
    <label className={chosen ? styles.selected : undefined}>
      <Radio name="base" checked={chosen} onChange={onChoose} aria-label={base.label} />
      <div className={layoutStyles.grow}>
        <b className={textStyles.strong}>{base.label}</b>
        <span className={base.state === 'failed' ? textStyles.failure : textStyles.secondary}>
          {base.message ?? base.detail}
        </span>
        {children}
      </div>
    </label>
  );
}

function Preparing({ base }: { readonly base: Base }): ReactElement {
  const fraction = base.progress ?? 0;
  return (
    <>
      <p className={textStyles.secondary}>
        {base.label}: {base.message ?? 'preparing'}
        {base.progress === null ? '' : `, ${percent(fraction * 100, 0)}`}
      </p>
      <div
        className={classNames(controlStyles.progressBar, styles.progress)}
        role="progressbar"
        aria-label={`Preparing ${base.label}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(fraction * 100)}
      >
        <i style={{ width: `${String(fraction * 100)}%` }} />
      </div>
    </>
  );
}

/** The id of a local folder among the base models. */
const FOLDER = 'folder';

function withFolder(bases: readonly Base[]): readonly Base[] {
  if (bases.some((base) => base.id === FOLDER)) return bases;
  return [
    ...bases,
    {
      id: FOLDER,
      label: 'Local model folder',
      detail: 'A folder with safetensors on this machine. It is copied into models/.',
      state: 'available',
      progress: null,
      message: null,
    },
  ];
}

const originText = (id: string): string =>
  id === 'smollm2'
    ? 'Downloaded and checksum-verified.'
    : id === FOLDER
      ? 'Copied and verified before use.'
      : 'Created on this machine.';

function BaseChoice({ bases }: { readonly bases: readonly Base[] }): ReactElement {
  const lost = useLost();
  const [wanted, setWanted] = useState<string | null>(null);
  const [folder, setFolder] = useState('');
  const id = wanted ?? bases[0]?.id ?? 'smollm2';
  const selected = bases.find((base) => base.id === id);
  const isIncomplete = id === FOLDER && folder.trim() === '';
  const choose = (): void => {
    const base = id === 'smollm2' || id === 'starter' ? id : FOLDER;
    void command((engine) =>
      engine.setup.choose({ base, folder: base === FOLDER ? folder.trim() : null }),
    );
  };
  return (
    <>
      <div className={styles.options} role="radiogroup" aria-label="Base model">
        {bases.map((base) => (
          <BaseOption
            key={base.id}
            base={base}
            chosen={base.id === id}
            onChoose={() => {
              setWanted(base.id);
            }}
          >
            {base.id === FOLDER && base.id === id ? (
              <FolderField
                className={styles.folder}
                label="Path to the model folder"
                placeholder="path to the folder"
                value={folder}
                onChange={setFolder}
              />
            ) : null}
          </BaseOption>
        ))}
      </div>
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button size="md" variant="filled" disabled={lost || isIncomplete} onClick={choose}>
          {selected?.state === 'failed' ? 'Try again' : 'Use this model'}
        </Button>
        <span className={textStyles.caption}>
          {isIncomplete ? 'Enter the path to the folder.' : originText(id)}
        </span>
      </div>
    </>
  );
}

export function BaseRow({ setup }: { readonly setup: Setup }): ReactElement {
  const preparing = setup.bases.find((base) => base.state === 'making');
  const ready = setup.bases.find((base) => base.id === setup.chosen);
  if (preparing !== undefined)
    return (
      <Row stage="now" number={3} title="Base model" aside={null}>
        <Preparing base={preparing} />
      </Row>
    );
  if (setup.chosen !== null)
    return (
      <Row stage="done" number={3} title="Base model" aside={null}>
        <p className={textStyles.secondary}>
          {ready === undefined ? setup.chosen : `${ready.label}. ${ready.detail}`}
        </p>
      </Row>
    );
  return (
    <Row stage="now" number={3} title="Base model" aside="can be changed until the first step">
      <BaseChoice bases={withFolder(setup.bases)} />
    </Row>
  );
}
