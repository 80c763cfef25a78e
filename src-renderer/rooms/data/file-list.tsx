/** Uploads and open files with progress and verdict; finished files below. */
import { IconDownload, IconX } from '@tabler/icons-react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { bytes, clock, count, percent, plural, shortName } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import { forget, useUploads, type Upload } from './uploads.ts';
import { verdictDisplay, verdictLine } from './verdict.ts';

function UploadRow({ upload }: { readonly upload: Upload }): ReactElement {
  const fraction = upload.bytes === 0 ? 1 : upload.sent / upload.bytes;
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
            {upload.trouble ?? `Uploading ${percent(fraction * 100, 0)}`}
          </span>
          {failed ? (
            <button
              type="button"
              className="iconb"
              aria-label={`Remove ${upload.name} from the list`}
              onClick={() => {
                forget(upload.key);
              }}
            >
              <IconX aria-hidden="true" />
            </button>
          ) : null}
        </div>
        {failed ? null : <Progress label={`Upload of ${upload.name}`} fraction={fraction} />}
      </div>
    </div>
  );
}

function Progress({
  label,
  fraction,
}: {
  readonly label: string;
  readonly fraction: number;
}): ReactElement {
  return (
    <div
      className="bar ink"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(fraction * 100)}
    >
      <i style={{ width: `${String(fraction * 100)}%` }} />
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
  const display = verdictDisplay[summary.verdict];
  const isStrong = display.tone === 'warn' || display.tone === 'fail';
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
      <span className={display.tone}>
        <Glyph name={display.glyph} />
      </span>
      <div className="grow">
        <div className="base sp">
          <span className="el strong" title={summary.name}>
            {shortName(summary.name, 40)}
          </span>
          <span className="micro num">{bytes(summary.bytes)}</span>
        </div>
        <div className="base sp">
          <span className={`el fst ${isStrong ? '' : 't2'}`} title={verdictLine(summary)}>
            {verdictLine(summary)}
          </span>
          {summary.rows === null ? null : (
            <span className="micro num">{plural(summary.rows, 'row')}</span>
          )}
        </div>
        {summary.progress === null ? null : (
          <Progress label={`Validation of ${summary.name}`} fraction={summary.progress} />
        )}
      </div>
    </li>
  );
}

/** Arrow keys, J and K move the selection. */
function moveSelection(
  ids: readonly string[],
  selected: string | null,
  event: KeyboardEvent,
): void {
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
            .jsonl .json .csv .parquet, or copy them to <span className="mono">inbox/</span>
          </div>
        </div>
      </div>
      {uploads.length === 0 ? null : (
        <div className="files" role="list" aria-label="Uploads in progress">
          {uploads.map((upload) => (
            <UploadRow key={upload.key} upload={upload} />
          ))}
        </div>
      )}
      {current.length === 0 ? (
        uploads.length === 0 ? (
          <p className="t2 nofiles">
            No files yet. Drop .jsonl, .json, .csv or .parquet files or folders anywhere in this
            window, or copy them to inbox/.
          </p>
        ) : null
      ) : (
        <ul
          className="files"
          role="listbox"
          aria-label="Uploads"
          tabIndex={0}
          aria-activedescendant={
            current.some((dataset) => dataset.id === selected)
              ? `file-${selected ?? ''}`
              : undefined
          }
          onKeyDown={(event) => {
            moveSelection(
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
