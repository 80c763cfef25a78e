/** First run on one page: workspace, machine, base model, first dataset. Each row that is done folds to one line. */
import { Button, Radio } from '@mantine/core';
import { useState, type ReactElement, type ReactNode } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { FolderField } from '../../kit/folder-field.tsx';
import { gigabytes, percent } from '../../kit/format.ts';
import { Glyph, Logo } from '../../kit/marks.tsx';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { takeIn, useUploads } from '../data/index.ts';
import { Notices } from '../notices/index.ts';
import { leaveFirstRun } from './gate.ts';
import './setup.css';

type Base = Setup['bases'][number];
type Stage = 'done' | 'now' | 'later';

function Row({
  stage,
  number,
  title,
  aside,
  children,
}: {
  readonly stage: Stage;
  readonly number: number;
  readonly title: string;
  readonly aside: string | null;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <section className={`fs ${stage}`} aria-label={title}>
      <span className={classNames('fn', textStyles.number)}>
        {stage === 'done' ? <Glyph name="done" /> : number}
      </span>
      <div className={layoutStyles.grow}>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <h2 className={textStyles.title}>{title}</h2>
          {aside === null ? null : <span className={textStyles.caption}>{aside}</span>}
        </div>
        {children}
      </div>
    </section>
  );
}

const factGlyph = {
  ok: 'done',
  warn: 'recovering',
  fail: 'refused',
  missing: 'refused',
  checking: 'loading',
} as const;
const factTone = {
  ok: 'success',
  warn: 'warning',
  fail: 'failure',
  missing: 'failure',
  checking: 'secondary',
} as const;

function MachineRow({ setup }: { readonly setup: Setup }): ReactElement {
  const facts: readonly { name: string; state: keyof typeof factGlyph; detail: string }[] = [
    { name: 'Python', state: setup.python.state, detail: setup.python.detail },
    {
      name: setup.device.kind === 'cuda' ? 'GPU' : 'Processor',
      state: setup.device.kind === 'unknown' ? 'checking' : 'ok',
      detail: setup.device.detail,
    },
    { name: 'Disk', state: setup.disk.state, detail: setup.disk.detail },
  ];
  const failed = facts.some((fact) => fact.state === 'missing' || fact.state === 'fail');
  return (
    <Row stage={failed ? 'now' : 'done'} number={2} title="This machine" aside={null}>
      <ul className={classNames('facts2', textStyles.number)}>
        {facts.map((fact) => (
          <li key={fact.name}>
            <span className={textStyles[factTone[fact.state]]}>
              <Glyph name={factGlyph[fact.state]} />
            </span>
            {fact.name}
            <span className="detail">{fact.detail}</span>
          </li>
        ))}
      </ul>
    </Row>
  );
}

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

function Making({ base }: { readonly base: Base }): ReactElement {
  const share = base.progress ?? 0;
  return (
    <>
      <p className={textStyles.secondary}>
        {base.label}: {base.message ?? 'being made'}
        {base.progress === null ? '' : `, ${percent(share * 100, 0)}`}
      </p>
      <div
        className={classNames(controlStyles.progressBar, 'making')}
        role="progressbar"
        aria-label={`Making ${base.label}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <i style={{ width: `${String(share * 100)}%` }} />
      </div>
    </>
  );
}

function BaseRow({ setup }: { readonly setup: Setup }): ReactElement {
  const lost = useLost();
  const [wanted, setWanted] = useState<string | null>(null);
  const [folder, setFolder] = useState('');
  const making = setup.bases.find((base) => base.state === 'making');
  const ready = setup.bases.find((base) => base.id === setup.chosen);
  if (setup.chosen !== null && making === undefined)
    return (
      <Row stage="done" number={3} title="Base model" aside={null}>
        <p className={textStyles.secondary}>
          {ready === undefined ? setup.chosen : `${ready.label}. ${ready.detail}`}
        </p>
      </Row>
    );
  if (making !== undefined)
    return (
      <Row stage="now" number={3} title="Base model" aside={null}>
        <Making base={making} />
      </Row>
    );
  const bases: readonly Base[] = setup.bases.some((base) => base.id === 'folder')
    ? setup.bases
    : [
        ...setup.bases,
        {
          id: 'folder',
          label: 'A folder with safetensors',
          detail: 'A model folder of this machine. It is copied into models/.',
          state: 'available',
          progress: null,
          message: null,
        },
      ];
  const id = wanted ?? bases[0]?.id ?? 'smollm2';
  const chosen = bases.find((base) => base.id === id);
  const incomplete = id === 'folder' && folder.trim() === '';
  const choose = (): void => {
    const base = id === 'smollm2' || id === 'starter' ? id : 'folder';
    void command((engine) =>
      engine.setup.choose({ base, folder: base === 'folder' ? folder.trim() : null }),
    );
  };
  return (
    <Row stage="now" number={3} title="Base model" aside="can be changed until the first step">
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
            {base.id === 'folder' && base.id === id ? (
              <FolderField
                className="folder"
                label="Path of the model folder"
                placeholder="path of the folder"
                value={folder}
                onChange={setFolder}
              />
            ) : null}
          </BaseOption>
        ))}
      </div>
      <div className={classNames(layoutStyles.row, 'act')}>
        <Button size="md" variant="filled" disabled={lost || incomplete} onClick={choose}>
          {chosen?.state === 'failed' ? 'Try again' : 'Use this model'}
        </Button>
        <span className={textStyles.caption}>
          {incomplete
            ? 'The path of the folder is missing.'
            : 'Made on this machine, verified before use.'}
        </span>
      </div>
    </Row>
  );
}

function DatasetRow({ setup }: { readonly setup: Setup }): ReactElement {
  const host = useHost();
  const lost = useLost();
  const datasets = useRoom('datasets');
  const uploads = useUploads((state) => state.uploads);
  const stage: Stage = setup.chosen === null && datasets.length === 0 ? 'later' : 'now';
  const names = [
    ...uploads.map((upload) => upload.name),
    ...datasets.map((dataset) => dataset.name),
  ];
  return (
    <Row stage={datasets.length > 0 ? 'done' : stage} number={4} title="First dataset" aside={null}>
      {names.length > 0 ? (
        <p className={textStyles.secondary}>
          {names.join(', ')}. It is validated while the model is made.
        </p>
      ) : (
        <>
          <p className={textStyles.secondary}>
            Drop a .jsonl file anywhere in this window, or take the sample: requests to a home, each
            answered by one line of JSON.
          </p>
          <div className={classNames(layoutStyles.row, 'act')}>
            <Button
              size="md"
              variant={stage === 'now' ? 'filled' : 'default'}
              disabled={lost}
              onClick={() => {
                void command((engine) => engine.setup.sample({}));
              }}
            >
              Use the sample
            </Button>
            <Button
              size="md"
              disabled={lost}
              onClick={() => {
                void host.chooseFiles().then((files) => {
                  takeIn(files, 'normal');
                });
              }}
            >
              Choose files
            </Button>
          </div>
        </>
      )}
    </Row>
  );
}

/** What has to happen before the first step, in its order. */
export function stepsToGo(
  setup: Setup,
  hasDataset: boolean,
): readonly { readonly text: string; readonly done: boolean }[] {
  const making = setup.bases.some((base) => base.state === 'making');
  return [
    { text: 'Check this machine', done: setup.python.state === 'ok' },
    { text: 'Base model', done: setup.chosen !== null && !making },
    { text: 'First dataset, validated and tokenized', done: hasDataset },
    { text: 'Load the model, first step', done: false },
  ];
}

export function FirstRun(): ReactElement {
  const setup = useRoom('setup');
  const facts = useRoom('engine');
  const machine = useRoom('machine');
  const datasets = useRoom('datasets');
  const steps = stepsToGo(setup, datasets.length > 0);
  const left = steps.filter((step) => !step.done).length;
  return (
    <main className="first">
      <div className="fcol">
        <Notices onOpen={leaveFirstRun} />
        <header>
          <span className="flogo">
            <Logo />
          </span>
          <h1>Nightshift</h1>
          <p>
            Trains a language model on the files you drop, one after another, on this computer. Your
            data stays here.
          </p>
        </header>
        <Row stage="done" number={1} title="Workspace" aside={null}>
          <p className={textStyles.secondary}>
            <span className={textStyles.mono}>{facts.workspace}</span>
            {machine.disk_free_gb === null
              ? ''
              : `, on a disk with ${gigabytes(machine.disk_free_gb)} free`}
          </p>
        </Row>
        <MachineRow setup={setup} />
        <BaseRow setup={setup} />
        <DatasetRow setup={setup} />
      </div>
      <aside className="fside">
        <h2 className={textStyles.label}>First training step</h2>
        <p className={classNames('fbig', textStyles.number)}>
          {left === 1 ? 'starts by itself' : `${String(left)} things to go`}
        </p>
        <ol className="ft">
          {steps.map((step) => (
            <li key={step.text}>
              <span>{step.text}</span>
              {step.done ? (
                <span className={textStyles.success}>
                  <Glyph name="done" />
                  <span className={textStyles.visuallyHidden}>done</span>
                </span>
              ) : (
                <span className={textStyles.tertiary}>open</span>
              )}
            </li>
          ))}
        </ol>
        {setup.chosen === null ? null : (
          <Button
            onClick={() => {
              leaveFirstRun('dashboard');
            }}
          >
            Open the dashboard
          </Button>
        )}
        <h2 className={classNames(textStyles.label, 'without')}>Without the window</h2>
        <pre
          className={classNames(controlStyles.codeBlock, textStyles.mono)}
          tabIndex={0}
          aria-label="Commands"
        >
          nightshift serve{'\n'}nightshift queue add sample.jsonl
        </pre>
      </aside>
    </main>
  );
}
