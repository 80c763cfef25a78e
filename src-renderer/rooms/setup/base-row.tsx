/** First run: the base model, chosen, being prepared, or ready. */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement, type ReactNode } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { attempt, command, useLost } from '../../engine/index.ts';
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
  const lost = useLost();
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
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button
          size="xs"
          disabled={lost}
          onClick={() => {
            void command((engine) => engine.setup.cancel());
          }}
        >
          Cancel
        </Button>
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

/** A copied folder has the name of its folder as id. */
const isOffered = (id: string): boolean => ['smollm2', 'starter', FOLDER].includes(id);

/** Kept while the model is prepared, so that a failure finds the choice as it was. */
interface Choice {
  readonly wanted: string | null;
  readonly folder: string;
  /** Why the engine refused the folder. */
  readonly refused: string | null;
}

function BaseChoice({
  bases,
  choice,
  onChange,
}: {
  readonly bases: readonly Base[];
  readonly choice: Choice;
  readonly onChange: (choice: Choice) => void;
}): ReactElement {
  const lost = useLost();
  const { folder } = choice;
  const offered = bases.filter((base) => isOffered(base.id) || base.state !== 'failed');
  const failed = bases.find((base) => !isOffered(base.id) && base.state === 'failed');
  const error = choice.refused ?? failed?.message ?? null;
  const id = choice.wanted ?? (failed === undefined ? (offered[0]?.id ?? 'smollm2') : FOLDER);
  const selected = offered.find((base) => base.id === id);
  const isIncomplete = id === FOLDER && folder.trim() === '';
  const choose = async (): Promise<void> => {
    if (id === 'smollm2' || id === 'starter') {
      await command((engine) => engine.setup.choose({ base: id, folder: null }));
      return;
    }
    const source = isOffered(id) ? folder.trim() : id;
    const result = await attempt((engine) => engine.setup.choose({ base: FOLDER, folder: source }));
    if ('trouble' in result)
      onChange({
        ...choice,
        refused: [result.trouble.text, result.trouble.next]
          .filter((text) => text !== null)
          .join(' '),
      });
  };
  return (
    <>
      <div className={styles.options} role="radiogroup" aria-label="Base model">
        {offered.map((base) => (
          <BaseOption
            key={base.id}
            base={base}
            chosen={base.id === id}
            onChoose={() => {
              onChange({ ...choice, wanted: base.id });
            }}
          >
            {base.id === FOLDER && base.id === id ? (
              <FolderField
                className={styles.folder}
                label="Path to the model folder"
                placeholder="path to the folder"
                value={folder}
                error={error}
                onChange={(path) => {
                  onChange({ ...choice, folder: path, refused: null });
                }}
              />
            ) : null}
          </BaseOption>
        ))}
      </div>
      <div className={classNames(layoutStyles.row, styles.actions)}>
        <Button
          size="md"
          variant="filled"
          disabled={lost || isIncomplete}
          onClick={() => {
            void choose();
          }}
        >
          {selected?.state === 'failed' || (id === FOLDER && error !== null)
            ? 'Try again'
            : 'Use this model'}
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
  const [choice, setChoice] = useState<Choice>({ wanted: null, folder: '', refused: null });
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
      <BaseChoice bases={withFolder(setup.bases)} choice={choice} onChange={setChoice} />
    </Row>
  );
}
