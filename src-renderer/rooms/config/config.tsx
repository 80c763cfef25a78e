/** The config screen: sections, the form, the estimate and unsaved changes. */
import { Button, Checkbox } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useMemo, useState, type ReactElement } from 'react';
import type { ConfigState, KeyDescription } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { SearchField } from '../../kit/search-field.tsx';
import { SectionNav } from '../../kit/section-nav.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import noticeStyles from '../../kit/styles/notice.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import { Changes, UnsavedBar } from './changes.tsx';
import styles from './config.module.css';
import {
  descriptions,
  isFound,
  pendingOf,
  textOf,
  useEdits,
  valueAt,
  type Pending,
} from './edits.ts';
import { Estimate } from './estimate.tsx';
import { Field } from './field.tsx';
import { useEstimate } from './use-estimate.ts';

const GROUPS = [...new Set(descriptions.map((description) => description.group))];
const anchor = (group: string): string => `config-${group.toLowerCase()}`;

/** config.json can't be read, or was edited while its values are locked. */
function FileNotices({ state }: { readonly state: ConfigState }): ReactElement {
  const lost = useLost();
  return (
    <>
      {state.problem === null ? null : (
        <div className={classNames(noticeStyles.notice, noticeStyles.failure)} role="alert">
          <Glyph name="refused" />
          <p className={layoutStyles.grow}>
            <b className={textStyles.strong}>config.json can't be used.</b>{' '}
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
              {textOf(drift.file)}. Not applied while a dataset is training; it applies from the
              next one.
            </span>
          </p>
          <Button
            size="xs"
            disabled={lost}
            aria-label={`Revert ${drift.key} to ${textOf(drift.running)}`}
            onClick={() => {
              void command((engine) => engine.config.unstage({ key: drift.key }));
            }}
          >
            Revert to {textOf(drift.running)}
          </Button>
        </div>
      ))}
    </>
  );
}

function SettingsForm({
  shown,
  state,
  pending,
  search,
  onShowAll,
}: {
  /** The settings that match search and filter. */
  readonly shown: readonly KeyDescription[];
  readonly state: ConfigState;
  readonly pending: readonly Pending[];
  readonly search: string;
  readonly onShowAll: () => void;
}): ReactElement {
  const texts = useEdits((edits) => edits.texts);
  const locked = Object.keys(state.locks).length;
  return (
    <section className={styles.form} aria-label="Settings" tabIndex={0}>
      {locked === 0 ? null : (
        <p className={styles.lockNote}>
          <IconLock aria-hidden="true" />
          <span>
            {plural(locked, 'setting')} {locked === 1 ? 'is' : 'are'} locked while a dataset is
            training. Changes apply from the next dataset.
          </span>
        </p>
      )}
      {GROUPS.map((group) => {
        const inside = shown.filter((description) => description.group === group);
        return inside.length === 0 ? null : (
          <div key={group} id={anchor(group)}>
            <h2 className={classNames(styles.group, textStyles.title)}>{group}</h2>
            {inside.map((description) => (
              <Field
                key={description.key}
                description={description}
                state={state}
                text={texts[description.key]}
                pending={pending.find((change) => change.key === description.key)}
              />
            ))}
          </div>
        );
      })}
      {shown.length > 0 ? null : (
        <div className={layoutStyles.noMatches}>
          <p className={textStyles.secondary}>
            {search === ''
              ? 'All settings have their default values.'
              : `No setting matches “${search}”.`}
          </p>
          <Button onClick={onShowAll}>Show all settings</Button>
        </div>
      )}
    </section>
  );
}

export function ConfigScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const state = useRoom('config');
  const texts = useEdits((edits) => edits.texts);
  const [search, setSearch] = useState('');
  const [changedOnly, setChangedOnly] = useState(false);
  const [dataset, setDataset] = useState<string | null>(null);
  const pending = useMemo(() => pendingOf(texts, state), [texts, state]);
  const estimate = useEstimate(pending, state, dataset);
  const batch =
    pending.find((change) => change.key === 'batch_size')?.after ??
    state.staged['batch_size'] ??
    valueAt(state.values, 'batch_size');
  const isChanged = (key: string): boolean =>
    key in state.differences || key in state.staged || pending.some((change) => change.key === key);
  const shown = descriptions.filter(
    (description) => isFound(description, search) && (!changedOnly || isChanged(description.key)),
  );
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Config</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {plural(descriptions.length, 'setting')}, {count(Object.keys(state.differences).length)}{' '}
          changed from the default
        </span>
        <span className={layoutStyles.spacer} />
        <SearchField
          label="Search settings"
          placeholder="Search settings"
          value={search}
          onChange={setSearch}
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
      <div className={classNames(layoutStyles.screenBody, styles.screen)}>
        <SectionNav
          label="Sections"
          sections={GROUPS.map((group) => ({
            name: group,
            anchor: anchor(group),
            count: descriptions.filter(
              (description) => description.group === group && isChanged(description.key),
            ).length,
          }))}
        >
          Numbers count settings that differ from the default.
        </SectionNav>
        <SettingsForm
          shown={shown}
          state={state}
          pending={pending}
          search={search}
          onShowAll={() => {
            setSearch('');
            setChangedOnly(false);
          }}
        />
        <div className={styles.side} tabIndex={0} role="group" aria-label="Estimate and changes">
          <Estimate
            answer={estimate}
            batch={Number(batch)}
            dataset={dataset}
            onDataset={setDataset}
          />
          <Changes pending={pending} state={state} />
        </div>
      </div>
      <UnsavedBar pending={pending} estimate={estimate} />
    </>
  );
}
