/** The Logs screen: the journal and the logs of engine and trainer. */
import { Button, Checkbox, SegmentedControl, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useLayoutEffect, useRef, useState, type ReactElement } from 'react';
import type { JournalEntry } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, plural } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import { isOneOf, usePersistedState } from '../../kit/persisted-state.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { DiagnosticsButton } from '../diagnostics/index.ts';
import { Notices, type OpenScreen } from '../notices/index.ts';
import styles from './logs.module.css';

const sources = ['journal', 'engine', 'trainer'] as const;
type Source = (typeof sources)[number];
const names: Readonly<Record<Source, string>> = {
  journal: 'Journal',
  engine: 'Engine',
  trainer: 'Trainer',
};
const LIMIT = 1000;
const FOLLOW_MS = 2000;

export function LogsScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const [source, setSource] = usePersistedState<Source>('log', 'journal', isOneOf(sources));
  const [search, setSearch] = useState('');
  const [follow, setFollow] = useState(true);
  const clear = (): void => {
    setSearch('');
  };
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Logs</h1>
        <SegmentedControl
          aria-label="Log"
          value={source}
          onChange={setSource}
          data={sources.map((value) => ({ value, label: names[value] }))}
        />
        <span className={layoutStyles.spacer} />
        <TextInput
          size="xs"
          type="search"
          className={controlStyles.searchField}
          aria-label="Search the log"
          placeholder="Search"
          leftSection={<IconSearch aria-hidden="true" />}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') clear();
          }}
        />
        <Checkbox
          label="Follow"
          checked={follow}
          onChange={(event) => {
            setFollow(event.currentTarget.checked);
          }}
        />
        <DiagnosticsButton />
      </div>
      <Notices onOpen={onOpen} />
      {source === 'journal' ? (
        <Journal search={search} follow={follow} onClear={clear} />
      ) : (
        <LogFile key={source} source={source} search={search} follow={follow} onClear={clear} />
      )}
    </>
  );
}

/** Scrolls to the end on new lines while `follow` is on. */
function useEnd(follow: boolean, length: number, last: unknown) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, length, last]);
  return box;
}

function Nothing({
  search,
  empty,
  onClear,
}: {
  readonly search: string;
  readonly empty: string;
  readonly onClear: () => void;
}): ReactElement {
  return (
    <div className={classNames(layoutStyles.screenBody, styles.empty)}>
      <p className={textStyles.secondary}>
        {search === '' ? empty : `No lines match “${search}”.`}
      </p>
      {search === '' ? null : <Button onClick={onClear}>Clear</Button>}
    </div>
  );
}

function Journal({
  search,
  follow,
  onClear,
}: {
  readonly search: string;
  readonly follow: boolean;
  readonly onClear: () => void;
}): ReactElement {
  const recent = useRoom('journal');
  const { answer } = useAnswer(`journal|${recent[0]?.id ?? ''}`, (engine) =>
    engine.journal.read({ limit: LIMIT }),
  );
  const wanted = search.trim().toLowerCase();
  const shown = [...(answer ?? recent)]
    .reverse()
    .filter((entry) => `${entry.what} ${entry.text}`.toLowerCase().includes(wanted));
  const box = useEnd(follow, shown.length, shown[shown.length - 1]?.id);
  if (shown.length === 0)
    return <Nothing search={search} empty="The journal is empty." onClear={onClear} />;
  return (
    <div
      className={classNames(layoutStyles.screenBody, styles.log)}
      ref={box}
      tabIndex={0}
      role="log"
      aria-label="Journal"
      aria-live="off"
    >
      {shown.map((item) => (
        <Entry key={item.id} entry={item} />
      ))}
    </div>
  );
}

function Entry({ entry }: { readonly entry: JournalEntry }): ReactElement {
  const now = useNowSeconds();
  const evidence = Object.keys(entry.evidence).length > 0;
  const line = (
    <>
      <time className={textStyles.tertiary}>{clock(entry.t, now)}</time>
      <span className={classNames(textStyles.mono, textStyles.secondary, styles.kind)}>
        {entry.what}
      </span>
      <span className={styles.text} data-entry-text="">
        {entry.text}
      </span>
      <span className={classNames(textStyles.number, textStyles.tertiary)}>
        {entry.step === null ? '' : `step ${count(entry.step)}`}
      </span>
    </>
  );
  if (!evidence) return <div className={styles.entry}>{line}</div>;
  return (
    <details className={styles.expandable}>
      <summary className={styles.entry}>{line}</summary>
      <pre className={classNames(controlStyles.codeBlock, textStyles.mono)}>
        {JSON.stringify(entry.evidence, null, 1)}
      </pre>
    </details>
  );
}

function LogFile({
  source,
  search,
  follow,
  onClear,
}: {
  readonly source: 'engine' | 'trainer';
  readonly search: string;
  readonly follow: boolean;
  readonly onClear: () => void;
}): ReactElement {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!follow) return;
    const timer = setInterval(() => {
      setTurn((n) => n + 1);
    }, FOLLOW_MS);
    return () => {
      clearInterval(timer);
    };
  }, [follow]);
  const { answer } = useAnswer(`${source}|${search}|${String(turn)}`, (engine) =>
    engine.logs.read({ source, search, limit: LIMIT }),
  );
  const lines = answer?.lines ?? [];
  const box = useEnd(follow, lines.length, lines[lines.length - 1]);
  if (answer === null) return <div className={layoutStyles.screenBody} />;
  if (lines.length === 0)
    return (
      <Nothing
        search={search}
        empty={answer.path === null ? `No ${source} log yet.` : 'The log is empty.'}
        onClear={onClear}
      />
    );
  return (
    <>
      <p className={classNames(styles.file, textStyles.caption)}>
        <span className={textStyles.mono}>{answer.path}</span>
        {answer.more ? `, the last ${plural(lines.length, 'line')}` : ''}
      </p>
      <div
        className={classNames(layoutStyles.screenBody, styles.log, textStyles.mono)}
        ref={box}
        tabIndex={0}
        role="log"
        aria-label={`${names[source]} log`}
        aria-live="off"
      >
        {lines.map((line, index) => (
          <div
            key={`${String(index)}${line}`}
            className={classNames(
              styles.line,
              /\b(error|traceback|failed)\b/i.test(line) && textStyles.failure,
            )}
          >
            {line === '' ? '\u00a0' : line}
          </div>
        ))}
      </div>
    </>
  );
}
