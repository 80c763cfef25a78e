/** One setting: name, control, and what holds now: lock, staged value, default. */
import { Autocomplete, SegmentedControl, TextInput } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { ConfigState, KeyDescription } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { MoreBases, useReadyBases } from './bases.tsx';
import { controlFor, edit, textOf, titleOf, valueAt, type Pending } from './edits.ts';

function Control({
  facts,
  text,
  locked,
  invalid,
}: {
  readonly facts: KeyDescription;
  readonly text: string;
  readonly locked: boolean;
  readonly invalid: string | null;
}): ReactElement {
  const { key, unit } = facts;
  const control = controlFor(key);
  const label = titleOf(key);
  const bases = useReadyBases();
  const options = control.kind === 'choice' ? control.options : ['on', 'off'];
  if (key === 'base_model')
    return (
      <Autocomplete
        size="xs"
        className={`cinput ${locked ? 'inset' : ''}`}
        aria-label={label}
        aria-invalid={invalid === null ? undefined : true}
        spellCheck={false}
        value={text}
        data={[...bases]}
        // All of them, whatever stands there: it is a list to choose from, not a search.
        filter={({ options: all }) => all}
        onChange={(value) => {
          edit(key, value);
        }}
      />
    );
  if (control.kind === 'choice' || control.kind === 'switch')
    return options.length > 4 ? (
      <TextInput
        size="xs"
        aria-label={label}
        value={text}
        onChange={(event) => {
          edit(key, event.currentTarget.value);
        }}
      />
    ) : (
      <SegmentedControl
        aria-label={label}
        className={locked ? 'inset' : ''}
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
      className={`cinput ${locked ? 'inset' : ''} ${control.kind === 'number' ? 'num' : ''}`}
      aria-label={label}
      aria-invalid={invalid === null ? undefined : true}
      inputMode={control.kind === 'number' && control.keywords.length === 0 ? 'decimal' : 'text'}
      spellCheck={false}
      value={text}
      rightSection={unit === null ? null : <span className="micro">{unit}</span>}
      rightSectionWidth={unit === null ? 0 : 72}
      rightSectionPointerEvents="none"
      onChange={(event) => {
        edit(key, event.currentTarget.value);
      }}
    />
  );
}

function Standing({
  facts,
  state,
  pending,
}: {
  readonly facts: KeyDescription;
  readonly state: ConfigState;
  readonly pending: Pending | undefined;
}): ReactElement {
  const lost = useLost();
  const { key } = facts;
  const lock = state.locks[key];
  const running =
    state.drift.find((drift) => drift.key === key)?.running ?? valueAt(state.values, key);
  const staged = key in state.staged;
  const changed = key in state.differences;
  const defaultText = textOf(facts.factory) === '' ? 'empty' : textOf(facts.factory);
  if (pending?.problem != null)
    return (
      <p className="fail">
        {titleOf(key)}: {pending.problem}.
      </p>
    );
  const next = pending?.after ?? (staged ? state.staged[key] : undefined);
  return (
    <>
      {lock === undefined ? null : next === undefined ? (
        <p className="lk" title={lock}>
          <IconLock aria-hidden="true" /> locked
        </p>
      ) : (
        <p className="lk strong" title={lock}>
          <IconLock aria-hidden="true" /> {textOf(running)} until the dataset ends, then{' '}
          {textOf(next)}
        </p>
      )}
      {staged && pending === undefined ? (
        <p>
          <span className="chip acc">staged</span>{' '}
          <button
            type="button"
            className="link"
            disabled={lost}
            aria-label={`Cancel the staged change of ${titleOf(key)}`}
            onClick={() => {
              void command((engine) => engine.config.unstage({ key }));
            }}
          >
            Cancel
          </button>
        </p>
      ) : null}
      {pending !== undefined && facts.consent !== null ? <p>asks before it is kept</p> : null}
      {changed && pending === undefined ? (
        <p>
          <span aria-hidden="true">◆</span> default{' '}
          <button
            type="button"
            className="link"
            aria-label={`Put ${titleOf(key)} back to its default ${defaultText}`}
            onClick={() => {
              edit(key, textOf(facts.factory));
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
  facts,
  state,
  text,
  pending,
}: {
  readonly facts: KeyDescription;
  readonly state: ConfigState;
  readonly text: string | undefined;
  readonly pending: Pending | undefined;
}): ReactElement {
  const { key } = facts;
  const now = key in state.staged ? state.staged[key] : valueAt(state.values, key);
  return (
    <div className={`cf ${pending === undefined ? '' : 'chg'}`} data-key={key}>
      <div className="cfl">
        <span className="strong">{titleOf(key)}</span>
        <span className="mono t3 ck">{key}</span>
      </div>
      <div className="cfc">
        <Control
          facts={facts}
          text={text ?? textOf(now)}
          locked={key in state.locks}
          invalid={pending?.problem ?? null}
        />
        <p className="micro">{facts.help}</p>
        {key === 'base_model' ? <MoreBases /> : null}
      </div>
      <div className="cfs micro">
        <Standing facts={facts} state={state} pending={pending} />
      </div>
    </div>
  );
}
