/** Rows of the file list: an upload, an open file, the finished files. */
import { IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, clock, percent, shortName } from '../../kit/format.ts';
import { Glyph } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './data.module.css';
import { forget, useUploads, type Upload } from './uploads.ts';
import { rowsOf, verdictDisplay, verdictLine } from './verdict.ts';

export function UploadRow({ upload }: { readonly upload: Upload }): ReactElement {
  const fraction = upload.bytes === 0 ? 1 : upload.sent / upload.bytes;
  const failed = upload.trouble !== null;
  return (
    <div className={styles.file} role="listitem">
      <span className={failed ? textStyles.failure : textStyles.secondary}>
        <Glyph name={failed ? 'refused' : 'loading'} />
      </span>
      <div className={layoutStyles.grow}>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <span className={classNames(textStyles.ellipsis, textStyles.strong)} title={upload.name}>
            {shortName(upload.name, 40)}
          </span>
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {bytes(upload.bytes)}
          </span>
        </div>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <span
            className={classNames(
              styles.status,
              !failed && textStyles.ellipsis,
              !failed && textStyles.secondary,
            )}
          >
            {upload.trouble ?? `Uploading ${percent(fraction * 100, 0)}`}
          </span>
          {failed ? (
            <button
              type="button"
              className={controlStyles.iconButton}
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
      className={classNames(controlStyles.progressBar, controlStyles.neutralBar)}
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

export function FileRow({
  summary,
  selected,
}: {
  readonly summary: DatasetSummary;
  readonly selected: boolean;
}): ReactElement {
  const display = verdictDisplay[summary.verdict];
  const isStrong = display.tone === 'warning' || display.tone === 'failure';
  return (
    <li
      id={`file-${summary.id}`}
      className={classNames(styles.file, selected && styles.selected)}
      role="option"
      aria-selected={selected}
      onClick={() => {
        useUploads.setState({ selected: summary.id });
      }}
    >
      <span className={textStyles[display.tone]}>
        <Glyph name={display.glyph} />
      </span>
      <div className={layoutStyles.grow}>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <span className={classNames(textStyles.ellipsis, textStyles.strong)} title={summary.name}>
            {shortName(summary.name, 40)}
          </span>
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {bytes(summary.bytes)}
          </span>
        </div>
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <span
            className={classNames(
              textStyles.ellipsis,
              styles.status,
              !isStrong && textStyles.secondary,
            )}
            title={verdictLine(summary)}
          >
            {verdictLine(summary)}
          </span>
          {summary.rows === null ? null : (
            <span className={classNames(textStyles.caption, textStyles.number)}>
              {rowsOf(summary)}
            </span>
          )}
        </div>
        {summary.progress === null ? null : (
          <Progress label={`Validation of ${summary.name}`} fraction={summary.progress} />
        )}
      </div>
    </li>
  );
}

/** Finished files. */
export function EarlierFiles({
  datasets,
  selected,
}: {
  readonly datasets: readonly DatasetSummary[];
  readonly selected: string | null;
}): ReactElement {
  const now = useNowSeconds();
  return (
    <div className={styles.earlier}>
      <h2 className={textStyles.label}>Earlier</h2>
      <ul>
        {datasets.map((dataset) => (
          <li key={dataset.id}>
            <button
              type="button"
              className={classNames(layoutStyles.row, dataset.id === selected && styles.selected)}
              aria-pressed={dataset.id === selected}
              onClick={() => {
                useUploads.setState({ selected: dataset.id });
              }}
            >
              <span className={textStyles[verdictDisplay[dataset.verdict].tone]}>
                <Glyph name={verdictDisplay[dataset.verdict].glyph} />
              </span>
              <span
                className={classNames(textStyles.ellipsis, layoutStyles.grow)}
                title={dataset.name}
              >
                {shortName(dataset.name, 34)}
              </span>
              <span className={classNames(textStyles.number, textStyles.secondary)}>
                {rowsOf(dataset)}
              </span>
              <span className={classNames(textStyles.number, textStyles.tertiary, styles.date)}>
                {clock(dataset.finished ?? dataset.added, now)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
