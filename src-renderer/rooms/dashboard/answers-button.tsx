/** Opens the answers of the newest evaluations. */
import { useState, type ReactElement } from 'react';
import { useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { AnswersDialog } from '../answers/index.ts';

/** Nothing while no dataset was evaluated. */
export function AnswersButton(): ReactElement | null {
  const status = useRoom('status');
  const datasets = useRoom('datasets');
  const lost = useLost();
  const [isOpen, setOpen] = useState(false);
  const [newest] = datasets
    .filter((dataset) => dataset.place === 'completed')
    .sort((a, b) => (b.finished ?? 0) - (a.finished ?? 0));
  const dataset = status.current_dataset ?? newest;
  if (dataset === undefined) return null;
  return (
    <>
      <button
        type="button"
        className={classNames(controlStyles.linkButton, textStyles.caption)}
        disabled={lost}
        onClick={() => {
          setOpen(true);
        }}
      >
        All answers
      </button>
      {isOpen ? (
        <AnswersDialog
          dataset={dataset}
          onClose={() => {
            setOpen(false);
          }}
        />
      ) : null}
    </>
  );
}
