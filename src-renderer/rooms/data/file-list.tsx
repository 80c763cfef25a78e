/** Uploads and open files with progress and verdict; finished files below. */
import { IconDownload } from '@tabler/icons-react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import styles from './data.module.css';
import { EarlierFiles, FileRow, UploadRow } from './file-rows.tsx';
import { useUploads } from './uploads.ts';

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
  return (
    <section className={styles.fileList} aria-label="Files">
      <div className={styles.dropZone}>
        <IconDownload aria-hidden="true" />
        <div>
          <b className={textStyles.strong}>Drop files or folders anywhere in this window</b>
          <div className={textStyles.caption}>
            .jsonl .json .csv .tsv .txt .parquet, or copy them to{' '}
            <span className={textStyles.mono}>inbox/</span>
          </div>
        </div>
      </div>
      {uploads.length === 0 ? null : (
        <div className={styles.files} role="list" aria-label="Uploads in progress">
          {uploads.map((upload) => (
            <UploadRow key={upload.key} upload={upload} />
          ))}
        </div>
      )}
      {current.length === 0 ? (
        uploads.length === 0 ? (
          <p className={classNames(textStyles.secondary, styles.noFiles)}>
            No files yet. Drop .jsonl, .json, .csv or .parquet files or folders anywhere in this
            window, or copy them to inbox/.
          </p>
        ) : null
      ) : (
        <ul
          className={styles.files}
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
      {earlier.length === 0 ? null : <EarlierFiles datasets={earlier} selected={selected} />}
    </section>
  );
}
