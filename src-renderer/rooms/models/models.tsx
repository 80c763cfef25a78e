/** The models screen: the lineage on top, its versions below, the chosen one beside them. */
import { Button } from '@mantine/core';
import {
  IconArrowsDiff,
  IconPin,
  IconPinnedOff,
  IconPlus,
  IconShieldCheck,
  IconTrash,
} from '@tabler/icons-react';
import { useState, type KeyboardEvent, type ReactElement } from 'react';
import type { Version, VersionCheck } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { bytes, clock, count, loss, percent, plural, signed, UNKNOWN } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { matchShare } from './compare.ts';
import { CompareDialog, CreateDialog, DeleteDialog, useLastCopy } from './dialogs.tsx';
import { Timeline } from './timeline.tsx';
import './models.css';

type Dialog = 'create' | 'compare' | 'delete' | null;

export function ModelsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const versions = useRoom('versions');
  const lost = useLost();
  const [chosen, setChosen] = useState<string | null>(null);
  const [dialog, setDialog] = useState<Dialog>(null);
  const selected = versions.find((one) => one.name === chosen) ?? versions[0] ?? null;
  const isLastCopy = useLastCopy(selected);
  const other = versions.find((one) => one.name !== selected?.name);
  const close = (): void => {
    setDialog(null);
  };
  const total = versions.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <>
      <div className="sbar">
        <h1 className="title">Models</h1>
        <span className="micro num">
          {versions.length === 0
            ? 'no version yet'
            : `${plural(versions.length, 'version')}, ${bytes(total)}`}
        </span>
        <span className="fill" />
        <Button
          size="xs"
          disabled={other === undefined}
          leftSection={<IconArrowsDiff aria-hidden="true" />}
          onClick={() => {
            setDialog('compare');
          }}
        >
          Compare two
        </Button>
        <Button
          size="xs"
          disabled={lost}
          leftSection={<IconPlus aria-hidden="true" />}
          onClick={() => {
            setDialog('create');
          }}
        >
          Create version
        </Button>
      </div>
      <Notices onOpen={onOpen} />
      {selected === null ? (
        <div className="body empty">
          <p className="title">There is no version yet.</p>
          <p className="t2">
            One is kept after each dataset. By hand, the newest checkpoint is kept.
          </p>
        </div>
      ) : (
        <div className="body models">
          <Timeline versions={versions} selected={selected.name} />
          <Table versions={versions} selected={selected.name} onSelect={setChosen} />
          <Details
            key={selected.name}
            version={selected}
            onDelete={() => {
              setDialog('delete');
            }}
          />
        </div>
      )}
      {dialog === 'create' ? <CreateDialog onClose={close} onMade={setChosen} /> : null}
      {dialog === 'delete' && selected !== null ? (
        <DeleteDialog version={selected} isLastCopy={isLastCopy} onClose={close} />
      ) : null}
      {dialog === 'compare' && selected !== null && other !== undefined ? (
        <CompareDialog versions={versions} first={other} second={selected} onClose={close} />
      ) : null}
    </>
  );
}

function moveIn(
  versions: readonly Version[],
  selected: string,
  event: KeyboardEvent,
  onSelect: (name: string) => void,
): void {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = versions[versions.findIndex((one) => one.name === selected) + step];
  if (next !== undefined) onSelect(next.name);
}

function Table({
  versions,
  selected,
  onSelect,
}: {
  readonly versions: readonly Version[];
  readonly selected: string;
  readonly onSelect: (name: string) => void;
}): ReactElement {
  const now = useNowSeconds();
  return (
    <section
      className="mtable"
      aria-label="Versions"
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.target === event.currentTarget) moveIn(versions, selected, event, onSelect);
      }}
    >
      <table>
        <thead>
          <tr>
            <th>Version</th>
            <th className="n">Step</th>
            <th className="n">Validation</th>
            <th className="n">Gap</th>
            <th className="n">Match</th>
            <th>Created</th>
            <th>How</th>
            <th className="n">Size</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((one) => {
            const match = matchShare(one);
            return (
              <tr key={one.name} className={one.name === selected ? 'sel' : ''}>
                <td>
                  <button
                    type="button"
                    className="mname strong"
                    aria-pressed={one.name === selected}
                    onClick={() => {
                      onSelect(one.name);
                    }}
                  >
                    {one.name}
                  </button>
                </td>
                <td className="n">{count(one.step)}</td>
                <td className="n">
                  {one.validation_loss === null ? UNKNOWN : loss(one.validation_loss)}
                </td>
                <td className="n">{one.gap === null ? UNKNOWN : signed(one.gap)}</td>
                <td className="n">{match === null ? UNKNOWN : percent(match)}</td>
                <td className="t2 num">{clock(one.created, now)}</td>
                <td className="t2">
                  {one.how}
                  {one.pinned ? ', pinned' : ''}
                </td>
                <td className="n">{bytes(one.bytes)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Details({
  version,
  onDelete,
}: {
  readonly version: Version;
  readonly onDelete: () => void;
}): ReactElement {
  const lost = useLost();
  const [checked, setChecked] = useState<VersionCheck | 'busy' | null>(null);
  const facts: readonly (readonly [string, string])[] = [
    ['Lineage step', count(version.step)],
    ['Branch', version.branch],
    ['Parent', version.parent ?? 'the base'],
    ['Training loss', version.training_loss === null ? UNKNOWN : loss(version.training_loss)],
    [
      'Exact match',
      version.exact_match === null
        ? UNKNOWN
        : `${count(version.exact_match.k)} of ${count(version.exact_match.n)}`,
    ],
    [
      'Datasets since the parent',
      version.datasets.length === 0 ? 'none' : version.datasets.map((one) => one.name).join(', '),
    ],
  ];
  return (
    <aside className="mside" aria-label={`Details of ${version.name}`}>
      <div className="base sp">
        <h2 className="title el" title={version.name}>
          {version.name}
        </h2>
        <span className="micro num">{bytes(version.bytes)}</span>
      </div>
      <p className="t2">{version.description}</p>
      <dl className="kv num">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mono micro mfolder">{version.folder}</p>
      <div className="row macts">
        <Button
          disabled={lost || checked === 'busy'}
          leftSection={<IconShieldCheck aria-hidden="true" />}
          onClick={() => {
            setChecked('busy');
            void command((engine) => engine.versions.verify({ name: version.name })).then(
              (answer) => {
                setChecked(answer);
              },
            );
          }}
        >
          {checked === 'busy' ? 'Verifying' : 'Verify now'}
        </Button>
        <Button
          disabled={lost}
          leftSection={
            version.pinned ? <IconPinnedOff aria-hidden="true" /> : <IconPin aria-hidden="true" />
          }
          onClick={() => {
            void command((engine) =>
              engine.versions.pin({ name: version.name, pinned: !version.pinned }),
            );
          }}
        >
          {version.pinned ? 'Unpin' : 'Pin'}
        </Button>
        <Button
          disabled={lost || version.pinned}
          title={version.pinned ? 'It is pinned' : undefined}
          leftSection={<IconTrash aria-hidden="true" />}
          onClick={onDelete}
        >
          Delete
        </Button>
      </div>
      {checked === null || checked === 'busy' ? null : (
        <p role="status" className={`row ${checked.ok ? 'ok' : 'fail'}`}>
          <Glyph name={checked.ok ? 'done' : 'failed'} />
          {checked.ok
            ? `${plural(checked.files, 'file')}, ${bytes(checked.bytes)}: every byte as published`
            : `Damaged: ${checked.problem ?? ''}`}
        </p>
      )}
    </aside>
  );
}
