/**
 * The overlay while files are dragged over the window: one lane per priority. Outside of them is
 * Normal.
 */
import type { ReactElement } from 'react';
import { useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './drop-overlay.module.css';
import { laneFacts, LANE_NAMES, LANES } from './lanes.ts';
import { useFileDrag } from './use-file-drag.ts';

export function DropOverlay({ onAdded }: { readonly onAdded: () => void }): ReactElement | null {
  const { drag, lane } = useFileDrag(onAdded);
  const datasets = useRoom('datasets');
  const lost = useLost();
  const now = useNowSeconds();
  if (drag === null) return null;
  const refusal = lost
    ? "The engine can't be reached. Drop the files again once it is connected."
    : drag.hasFiles
      ? null
      : 'Only files and folders can be dropped';
  return (
    <div className={styles.overlay} role="dialog" aria-label="Drop files">
      <div className={styles.header}>
        {refusal === null ? (
          <span className={classNames(styles.count, textStyles.number)}>{count(drag.count)}</span>
        ) : null}
        <div>
          <b>{refusal ?? (drag.count === 1 ? 'file or folder' : 'files or folders')}</b>
          {refusal === null ? (
            <span>Drop to validate. A file is queued once its report has no open decision.</span>
          ) : null}
        </div>
      </div>
      {refusal === null ? (
        <div className={classNames(styles.lanes, textStyles.number)}>
          {LANES.map((priority) => {
            const [what, when] = laneFacts(priority, datasets, now);
            return (
              <div
                key={priority}
                className={classNames(styles.lane, priority === lane && styles.active)}
                data-lane={priority}
              >
                <b>{LANE_NAMES[priority]}</b>
                <span>{what}</span>
                <span>{when}</span>
              </div>
            );
          })}
        </div>
      ) : null}
      <div className={styles.footer}>
        <span>Files are copied into the workspace; the originals stay in place.</span>
        <span className={controlStyles.keyboardKey}>Esc</span>
        <span>cancels</span>
      </div>
    </div>
  );
}
