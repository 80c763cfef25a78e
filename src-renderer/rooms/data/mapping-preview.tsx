/** Three rows with the mapping that is being edited, rendered as they would be trained. */
import { useEffect, useState, type ReactElement } from 'react';
import type { ColumnMapping, MappingPreview } from '../../../src-main/contract/index.ts';
import { attempt } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';
import { HighlightedSpan } from './samples.tsx';
import tokensStyles from './tokens.module.css';

/** Typing stops for so long before the rows are rendered again. */
const PAUSE_MS = 300;

type Shown = { readonly answer: MappingPreview } | { readonly trouble: string };

function useMappingPreview(id: string, mapping: ColumnMapping | null): Shown | null {
  const [shown, setShown] = useState<Shown | null>(null);
  const key = mapping === null ? null : JSON.stringify(mapping);
  useEffect(() => {
    if (key === null) return;
    const wanted = JSON.parse(key) as ColumnMapping;
    let isCurrent = true;
    const timer = setTimeout(() => {
      void attempt((engine) => engine.datasets.previewMapping({ id, mapping: wanted })).then(
        (result) => {
          if (!isCurrent) return;
          setShown('answer' in result ? result : { trouble: result.trouble.text });
        },
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [id, key]);
  return key === null ? null : shown;
}

export function MappingPreviewRows({
  id,
  mapping,
}: {
  readonly id: string;
  readonly mapping: ColumnMapping | null;
}): ReactElement | null {
  const shown = useMappingPreview(id, mapping);
  if (shown === null) return null;
  if ('trouble' in shown)
    return <p className={classNames(textStyles.caption, textStyles.failure)}>{shown.trouble}</p>;
  return (
    <div className={styles.preview} role="group" aria-label="Rows with this mapping">
      {shown.answer.samples.map((sample) => (
        <pre
          key={sample.row}
          className={classNames(tokensStyles.text, textStyles.mono)}
          tabIndex={0}
          aria-label={`Row ${String(sample.row)} with this mapping`}
        >
          {sample.spans.map((span, index) => (
            <HighlightedSpan key={`${String(index)}${span.text}`} {...span} />
          ))}
        </pre>
      ))}
      {shown.answer.rejected.map((row) => (
        <p key={row.row} className={textStyles.caption}>
          <b className={textStyles.failure}>Row {count(row.row)}:</b> {row.message}
        </p>
      ))}
    </div>
  );
}
