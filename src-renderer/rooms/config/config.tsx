/** The config screen: sections, the form, and the changes that are not kept yet. */
import { Button, Checkbox, TextInput } from '@mantine/core';
import { IconLock, IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type ReactElement } from 'react';
import type { ConfigState } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import noticeStyles from '../../kit/styles/notice.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Changes } from './changes.tsx';
import { descriptions, isFound, pendingOf, textOf, useEdits, valueAt } from './edits.ts';
import { Estimate, useEstimate } from './estimate.tsx';
import { Field } from './field.tsx';
import './config.css';

const groups = [...new Set(descriptions.map((description) => description.group))];
const anchor = (group: string): string => `config-${group.toLowerCase()}`;

/** config.json was edited by hand while its values are locked, or cannot be read. */
function FileNotices({ state }: { readonly state: ConfigState }): ReactElement {
  const lost = useLost();
  return (
    <>
      {state.problem === null ? null : (
        <div className={classNames(noticeStyles.notice, noticeStyles.failure)} role="alert">
          <Glyph name="refused" />
          <p className={layoutStyles.grow}>
            <b className={textStyles.strong}>config.json cannot be used.</b>{' '}
            <span className={textStyles.secondary}>{state.problem}</span>
          </p>
        </div>
      )}
      {state.drift.map((drift) => (
        <div
          key={drift.key}
          className={classNames(noticeStyles.notice, noticeStyles.warning)}
          role="status"
        >
          <Glyph name="recovering" />
          <p className={layoutStyles.grow}>
            <b className={textStyles.strong}>config.json was edited outside Nightshift.</b>{' '}
            <span className={textStyles.secondary}>
              <span className={textStyles.mono}>{drift.key}</span> {textOf(drift.running)} to{' '}
              {textOf(drift.file)}. Not applied while a dataset is in training; it waits for the
              next one.
            </span>
          </p>
          <Button
            size="xs"
            disabled={lost}
            aria-label={`Put ${drift.key} back to ${textOf(drift.running)}`}
            onClick={() => {
              void command((engine) => engine.config.unstage({ key: drift.key }));
            }}
          >
            Put {textOf(drift.running)} back
          </Button>
        </div>
      ))}
    </>
  );
}

export function ConfigScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const state = useRoom('config');
  const texts = useEdits((edits) => edits.texts);
  const [search, setSearch] = useState('');
  const [changedOnly, setChangedOnly] = useState(false);
  const [meant, setMeant] = useState<string | null>(null);
  const pending = useMemo(() => pendingOf(texts, state), [texts, state]);
  const estimate = useEstimate(pending, state, meant);
  const batch =
    pending.find((pending) => pending.key === 'batch_size')?.after ??
    state.staged['batch_size'] ??
    valueAt(state.values, 'batch_size');
  const isChanged = (key: string): boolean =>
    key in state.differences ||
    key in state.staged ||
    pending.some((pending) => pending.key === key);
  const shown = descriptions.filter(
    (description) => isFound(description, search) && (!changedOnly || isChanged(description.key)),
  );
  const locked = Object.keys(state.locks).length;
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Config</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {plural(descriptions.length, 'setting')}, {count(Object.keys(state.differences).length)}{' '}
          changed from default
        </span>
        <span className={layoutStyles.spacer} />
        <TextInput
          size="xs"
          type="search"
          className={controlStyles.searchField}
          aria-label="Search settings"
          placeholder="Search settings"
          leftSection={<IconSearch aria-hidden="true" />}
          rightSection={<span className={controlStyles.keyboardKey}>/</span>}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setSearch('');
          }}
        />
        <Checkbox
          label="Changed only"
          checked={changedOnly}
          onChange={(event) => {
            setChangedOnly(event.currentTarget.checked);
          }}
        />
      </div>
      <Notices onOpen={onOpen} />
      <FileNotices state={state} />
      <div className={classNames(layoutStyles.screenBody, 'config')}>
        <nav className={layoutStyles.sectionNavigation} aria-label="Sections">
          {groups.map((group) => {
            const differing = descriptions.filter(
              (description) => description.group === group && isChanged(description.key),
            ).length;
            return (
              <button
                key={group}
                type="button"
                onClick={() => {
                  document.getElementById(anchor(group))?.scrollIntoView({ block: 'start' });
                }}
              >
                <span>{group}</span>
                {differing === 0 ? null : <em className={textStyles.number}>{differing}</em>}
              </button>
            );
          })}
          <p className={textStyles.caption}>
            The number counts settings that differ from the default.
          </p>
        </nav>
        <section className="cform" aria-label="Settings" tabIndex={0}>
          {locked === 0 ? null : (
            <p className="lockline">
              <IconLock aria-hidden="true" />
              <span>
                A dataset is in training: the {count(locked)} settings that change what is trained
                are locked until it ends. A change can be staged for the next dataset.
              </span>
            </p>
          )}
          {groups.map((group) => {
            const inside = shown.filter((key) => key.group === group);
            return inside.length === 0 ? null : (
              <div key={group} id={anchor(group)}>
                <h2 className={classNames('cg', textStyles.title)}>{group}</h2>
                {inside.map((facts) => (
                  <Field
                    key={facts.key}
                    facts={facts}
                    state={state}
                    text={texts[facts.key]}
                    pending={pending.find((pending) => pending.key === facts.key)}
                  />
                ))}
              </div>
            );
          })}
          {shown.length > 0 ? null : (
            <div className={layoutStyles.noMatches}>
              <p className={textStyles.secondary}>
                {search === ''
                  ? 'No setting differs from its default.'
                  : `No setting matches “${search}”.`}
              </p>
              <Button
                onClick={() => {
                  setSearch('');
                  setChangedOnly(false);
                }}
              >
                Show all settings
              </Button>
            </div>
          )}
        </section>
        <div className="cest" tabIndex={0} role="group" aria-label="Estimate and changes">
          <Estimate answer={estimate} batch={Number(batch)} dataset={meant} onDataset={setMeant} />
          <Changes pending={pending} state={state} estimate={estimate} />
        </div>
      </div>
    </>
  );
}
