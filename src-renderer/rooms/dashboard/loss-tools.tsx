/** Controls of the loss chart: reset of the zoom, smoothing, clipping, log scale, table. */
import { Button, Checkbox, Slider } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { classNames } from '../../kit/class-names.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { setView, useCurves } from './curves.ts';
import styles from './dashboard.module.css';
import type { LossOptions } from './loss-configuration.ts';

export function LossTools({
  smoothing,
  onSmoothing,
  options,
  onClip,
  onLog,
  onTable,
}: {
  readonly smoothing: number;
  readonly onSmoothing: (smoothing: number) => void;
  readonly options: LossOptions;
  readonly onClip: (clip: boolean) => void;
  readonly onLog: (log: boolean) => void;
  /** null while there is nothing to show. */
  readonly onTable: (() => void) | null;
}): ReactElement {
  // The value while the slider is dragged; the curve is fetched when it is released.
  const [shown, setShown] = useState(smoothing);
  const isZoomed = useCurves((state) => state.view !== null);
  return (
    <div className={styles.tools}>
      {isZoomed ? (
        <Button
          size="xs"
          onClick={() => {
            setView(null);
          }}
        >
          Reset zoom
        </Button>
      ) : null}
      <span className={styles.smoothing}>
        Smoothing
        <Slider
          className={styles.slider}
          thumbLabel="Smoothing"
          min={0}
          max={0.99}
          step={0.01}
          value={shown}
          onChange={setShown}
          onChangeEnd={onSmoothing}
        />
        <span className={classNames(textStyles.number, styles.sliderValue)}>
          {shown.toFixed(2)}
        </span>
      </span>
      <Checkbox
        label="Clip outliers"
        checked={options.clip}
        onChange={(event) => {
          onClip(event.currentTarget.checked);
        }}
      />
      <Checkbox
        label="Log"
        checked={options.log}
        onChange={(event) => {
          onLog(event.currentTarget.checked);
        }}
      />
      {onTable === null ? null : (
        <button
          type="button"
          className={classNames(controlStyles.linkButton, textStyles.caption)}
          onClick={onTable}
        >
          Show as table
        </button>
      )}
    </div>
  );
}
