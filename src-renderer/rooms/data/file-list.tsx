/** The files that are being taken in or wait, each with its own progress and verdict; earlier ones below. */
import { IconDownload, IconX } from '@tabler/icons-react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { bytes, clock, count, percent, plural, shortName } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import { forget, useUploads, type Upload } from './uploads.ts';
import { verdictDisplay, verdictLine } from './verdict.ts';

function Sending({ upload }: { readonly upload: Upload }): ReactElement {
  const share = upload.bytes === 0 ? 1 : upload.sent / upload.bytes;
  const failed = upload.trouble !== null;
  return (
    <div className="fi" role="listitem">
      <span className={failed ? 'fail' : 't2'}>
        <Glyph name={failed ? 'refused' : 'loading'} />
      </span>
      <div className="grow">
        <div className="base sp">
          <span className="el strong" title={upload.name}>
            {shortName(upload.name, 40)}
          </span>
          <span className="micro num">{bytes(upload.bytes)}</span>
        </div>
        <div className="base sp">
          <span className={`fst ${failed ? '' : 'el t2'}`}>
            {upload.trouble ?? `Uploading ${percent(share * 100, 0)}`}
          </span>
          {failed ? (
            <button
              type="button"
              className="iconb"
              aria-label={`Take ${upload.name} off the list`}
              onClick={() => {
                forget(upload.key);
              }}
            >
              <IconX aria-hidden="true" />
            </button>
          ) : null}
        </div>
        {failed ? null : <Progress label={`Upload of ${upload.name}`} share={share} />}
      </div>
    </div>
  );
}

function Progress({
  label,
  share,
}: {
  readonly label: string;
  readonly share: number;
}): ReactElement {
  return (
    <div
      className="bar ink"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <i style={{ width: `${String(share * 100)}%` }} />
    </div>
  );
}

function FileRow({
  summary,
  selected,
}: {
  readonly summary: DatasetSummary;
  readonly selected: boolean;
}): ReactElement {
  const look = verdictDisplay[summary.verdict];
  const plain = look.tone === 'warn' || look.tone === 'fail';
  return (
    <li
      id={`file-${summary.id}`}
      className={`fi ${selected ? 'sel' : ''}`}
      role="option"
      aria-selected={selected}
      onClick={() => {
        useUploads.setState({ selected: summary.id });
      }}
    >
      <span className={look.tone}>
        <Glyph name={look.glyph} />
      </span>
      <div className="grow">
        <div className="base sp">
          <span className="el strong" title={summary.name}>
            {shortName(summary.name, 40)}
          </span>
          <span className="micro num">{bytes(summary.bytes)}</span>
        </div>
        <div className="base sp">
          <span className={`el fst ${plain ? '' : 't2'}`} title={verdictLine(summary)}>
            {verdictLine(summary)}
          </span>
          {summary.rows === null ? null : (
            <span className="micro num">{plural(summary.rows, 'row')}</span>
          )}
        </div>
        {summary.progress === null ? null : (
          <Progress label={`Validation of ${summary.name}`} share={summary.progress} />
        )}
      </div>
    </li>
  );
}

/** Arrow keys, J and K move in a list; the choice follows. */
function moveIn(ids: readonly string[], selected: string | null, event: KeyboardEvent): void {
  const step = ['ArrowDown', 'j'].includes(event.key)
    ? 1
    : ['ArrowUp', 'k'].includes(event.key)
      ? -1
      : 0;
  if (step === 0 || ids.length === 0) return;
  event.preventDefault();
  const at = selected === null ? -1 : ids.indexOf(selected);
  const next = ids[Math.min(ids.length - 1, Math.max(0, at + step))];
  if (next === undefined) return;
  useUploads.setState({ selected: next });
  document.getElementById(`file-${next}`)?.scrollIntoView({ block: 'nearest' });
}

export function FileList({
  current,
  earlier,
  selected,
}: {
  readonly current: readonly DatasetSummary[];
  readonly earlier: readonly DatasetSummary[];
  readonly selected: string | null;
}): ReactElement {
  const uploads = useUploads((state) => state.uploads);
  const now = useNowSeconds();
  return (
    <section className="dlist" aria-label="Files">
      <div className="dz">
        <IconDownload aria-hidden="true" />
        <div>
          <b className="strong">Drop files or folders anywhere in this window</b>
          <div className="micro">
            .jsonl .json .csv .parquet, or copy into <span className="mono">inbox/</span>
          </div>
        </div>
      </div>
      {uploads.length === 0 ? null : (
        <div className="files" role="list" aria-label="Uploads">
          {uploads.map((upload) => (
            <Sending key={upload.key} upload={upload} />
          ))}
        </div>
      )}
      {current.length === 0 ? (
        uploads.length === 0 ? (
          <p className="t2 nofiles">
            No files yet. Drop .jsonl, .json, .csv or .parquet files or folders anywhere in this
            window, or copy them into inbox/.
          </p>
        ) : null
      ) : (
        <ul
          className="files"
          role="listbox"
          aria-label="Files that are taken in"
          tabIndex={0}
          aria-activedescendant={
            current.some((dataset) => dataset.id === selected)
              ? `file-${selected ?? ''}`
              : undefined
          }
          onKeyDown={(event) => {
            moveIn(
              current.map((dataset) => dataset.id),
              selected,
              event,
            );
          }}
        >
          {current.map((dataset) => (
            <FileRow key={dataset.id} summary={dataset} selected={dataset.id === selected} />
          ))}
        </ul>
      )}
      {earlier.length === 0 ? null : (
        <div className="early">
          <h2 className="label">Earlier</h2>
          <ul>
            {earlier.map((dataset) => (
              <li key={dataset.id}>
                <button
                  type="button"
                  className={`row ${dataset.id === selected ? 'sel' : ''}`}
                  aria-pressed={dataset.id === selected}
                  onClick={() => {
                    useUploads.setState({ selected: dataset.id });
                  }}
                >
                  <span className={verdictDisplay[dataset.verdict].tone}>
                    <Glyph name={verdictDisplay[dataset.verdict].glyph} />
                  </span>
                  <span className="el grow" title={dataset.name}>
                    {shortName(dataset.name, 34)}
                  </span>
                  <span className="num t2">
                    {dataset.rows === null ? '' : `${count(dataset.rows)} rows`}
                  </span>
                  <span className="num t3 when">
                    {clock(dataset.finished ?? dataset.added, now)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
