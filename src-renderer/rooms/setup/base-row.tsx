/** First run: the base model, chosen, being prepared, or ready. */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement, type ReactNode } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import { percent } from '../../kit/format.ts';
import { Row } from './row.tsx';

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
    <label className={chosen ? 'on' : ''}>
      <Radio name="base" checked={chosen} onChange={onChoose} aria-label={base.label} />
      <div className="grow">
        <b className="strong">{base.label}</b>
        <span className={base.state === 'failed' ? 'fail' : 't2'}>
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
      <p className="t2">
        {base.label}: {base.message ?? 'preparing'}
        {base.progress === null ? '' : `, ${percent(fraction * 100, 0)}`}
      </p>
      <div
        className="bar making"
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
      <div className="opts2" role="radiogroup" aria-label="Base model">
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
                className="folder"
                label="Path to the model folder"
                placeholder="path to the folder"
                value={folder}
                onChange={setFolder}
              />
            ) : null}
          </BaseOption>
        ))}
      </div>
      <div className="row act">
        <Button size="md" variant="filled" disabled={lost || isIncomplete} onClick={choose}>
          {selected?.state === 'failed' ? 'Try again' : 'Use this model'}
        </Button>
        <span className="micro">
          {isIncomplete ? 'Enter the path to the folder.' : 'Downloaded and checksum-verified.'}
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
        <p className="t2">
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
