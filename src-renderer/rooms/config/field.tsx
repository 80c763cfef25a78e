/** One setting: name, control, and its state: lock, staged value, default. */
import { Autocomplete, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { ConfigState, KeyDescription } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { MoreBases, useReadyBases } from './bases.tsx';
import styles from './config.module.css';
import { controlFor, edit, textOf, titleOf, valueAt, type Pending } from './edits.ts';

function Control({
  description,
  text,
  locked,
  invalid,
}: {
  readonly description: KeyDescription;
  readonly text: string;
  readonly locked: boolean;
  readonly invalid: string | null;
}): ReactElement {
  const { key, unit } = description;
  const control = controlFor(key);
  const label = titleOf(key);
  const bases = useReadyBases();
  const options = control.kind === 'choice' ? control.options : ['on', 'off'];
  if (key === 'base_model')
    return (
      <Autocomplete
        size="xs"
        className={classNames(styles.input, locked && styles.locked)}
        aria-label={label}
        aria-invalid={invalid === null ? undefined : true}
        spellCheck={false}
        value={text}
        data={[...bases]}
        // Show all options: the field is a list to choose from, not a search.
        filter={({ options: all }) => all}
        onChange={(value) => {
          edit(key, value);
        }}
      />
    );
  if (control.kind === 'choice' || control.kind === 'switch')
    return options.length > 4 ? (
      <NativeSelect
        size="xs"
        aria-label={label}
        className={locked ? styles.locked : undefined}
        value={text}
        data={options.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
        onChange={(event) => {
          edit(key, event.currentTarget.value);
        }}
      />
    ) : (
      <SegmentedControl
        aria-label={label}
        className={locked ? styles.locked : undefined}
        value={text}
        data={options.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
        onChange={(value) => {
          edit(key, value);
        }}
      />
    );
  return (
    <TextInput
      size="xs"
      className={classNames(
        styles.input,
        locked && styles.locked,
        control.kind === 'number' && textStyles.number,
      )}
      aria-label={label}
      aria-invalid={invalid === null ? undefined : true}
      inputMode={control.kind === 'number' && control.keywords.length === 0 ? 'decimal' : 'text'}
      spellCheck={false}
      value={text}
      rightSection={unit === null ? null : <span className={textStyles.caption}>{unit}</span>}
      rightSectionWidth={unit === null ? 0 : 72}
      rightSectionPointerEvents="none"
      onChange={(event) => {
        edit(key, event.currentTarget.value);
      }}
    />
  );
}

function FieldState({
  description,
  state,
  pending,
}: {
  readonly description: KeyDescription;
  readonly state: ConfigState;
  readonly pending: Pending | undefined;
}): ReactElement {
  const lost = useLost();
  const { key } = description;
  const lock = state.locks[key];
  const running =
    state.drift.find((drift) => drift.key === key)?.running ?? valueAt(state.values, key);
  const staged = key in state.staged;
  const changed = key in state.differences;
  const defaultText = textOf(description.factory) === '' ? 'empty' : textOf(description.factory);
  if (pending?.problem != null)
    return (
      <p className={textStyles.failure}>
        {titleOf(key)}: {pending.problem}.
      </p>
    );
  const next = pending?.after ?? (staged ? state.staged[key] : undefined);
  return (
    <>
      {lock === undefined ? null : next === undefined ? (
        <p className={styles.lock} title={lock}>
          <IconLock aria-hidden="true" /> locked
        </p>
      ) : (
        <p className={classNames(styles.lock, textStyles.strong)} title={lock}>
          <IconLock aria-hidden="true" /> {textOf(running)} until this dataset ends, then{' '}
          {textOf(next)}
        </p>
      )}
      {staged && pending === undefined ? (
        <p>
          <span className={classNames(controlStyles.chip, controlStyles.accentChip)}>staged</span>{' '}
          <button
            type="button"
            className={controlStyles.linkButton}
            disabled={lost}
            aria-label={`Unstage ${titleOf(key)}`}
            onClick={() => {
              void command((engine) => engine.config.unstage({ key }));
            }}
          >
            Unstage
          </button>
        </p>
      ) : null}
      {pending !== undefined && description.consent !== null ? <p>needs confirmation</p> : null}
      {changed && pending === undefined ? (
        <p>
          <span aria-hidden="true">◆</span> default{' '}
          <button
            type="button"
            className={controlStyles.linkButton}
            aria-label={`Reset ${titleOf(key)} to its default ${defaultText}`}
            onClick={() => {
              edit(key, textOf(description.factory));
            }}
          >
            {defaultText}
          </button>
        </p>
      ) : null}
    </>
  );
}

export function Field({
  description,
  state,
  text,
  pending,
}: {
  readonly description: KeyDescription;
  readonly state: ConfigState;
  readonly text: string | undefined;
  readonly pending: Pending | undefined;
}): ReactElement {
  const { key } = description;
  const now = key in state.staged ? state.staged[key] : valueAt(state.values, key);
  return (
    <div
      className={classNames(styles.field, pending !== undefined && styles.changed)}
      data-key={key}
    >
      <div className={styles.name}>
        <span className={textStyles.strong}>{titleOf(key)}</span>
        <span className={classNames(textStyles.mono, textStyles.tertiary, styles.key)}>{key}</span>
      </div>
      <div className={styles.control}>
        <Control
          description={description}
          text={text ?? textOf(now)}
          locked={key in state.locks}
          invalid={pending?.problem ?? null}
        />
        <p className={textStyles.caption}>{description.help}</p>
        {key === 'base_model' ? <MoreBases /> : null}
      </div>
      <div className={classNames(styles.state, textStyles.caption)}>
        <FieldState description={description} state={state} pending={pending} />
      </div>
    </div>
  );
}
