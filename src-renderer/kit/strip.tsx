/** A timeline: names above, bands with marks, hours below. */
import type { ReactElement } from 'react';
import { classNames } from './class-names.ts';
import { clock } from './format.ts';
import { Mark, type MarkName } from './marks.tsx';
import styles from './strip.module.css';
import textStyles from './styles/text.module.css';

export interface StripBand {
  readonly from: number;
  readonly to: number;
  readonly kind: 'past' | 'now' | 'plan' | 'pause' | 'gap';
  readonly mark: MarkName | null;
  readonly title: string;
}

export interface StripName {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly quiet: boolean;
}

export interface StripPin {
  readonly t: number;
  readonly title: string;
}

export interface StripProps {
  readonly from: number;
  readonly to: number;
  readonly bands: readonly StripBand[];
  readonly names: readonly StripName[];
  readonly pins: readonly StripPin[];
  /** Accessible description of the strip. */
  readonly label: string;
}

/** Full hours between two times, one hour or two apart so that about twelve fit. */
export function hoursBetween(from: number, to: number): readonly number[] {
  const every = to - from > 13 * 3600 ? 7200 : 3600;
  const offset = new Date(from * 1000).getTimezoneOffset() * 60;
  const out: number[] = [];
  for (let t = Math.ceil((from - offset) / every) * every + offset; t <= to; t += every)
    out.push(t);
  return out;
}

export function Strip({ from, to, bands, names, pins, label }: StripProps): ReactElement {
  const at = (t: number): string =>
    `${String((Math.min(Math.max(t, from), to) - from) / ((to - from) / 100))}%`;
  const wide = (a: number, b: number): string =>
    `${String(((Math.min(b, to) - Math.max(a, from)) / (to - from)) * 100)}%`;
  const edge = (to - from) * 0.02;
  return (
    <div className={styles.strip} role="img" aria-label={label}>
      <div className={styles.names}>
        {names.map((name) => (
          <span
            key={`${String(name.from)}${name.text}`}
            className={name.quiet ? textStyles.tertiary : undefined}
            style={{ left: at(name.from), width: wide(name.from, name.to) }}
            title={name.text}
          >
            {name.text}
          </span>
        ))}
      </div>
      <div className={styles.band}>
        {bands.map((band) => (
          <i
            key={`${String(band.from)}${band.kind}`}
            className={styles[band.kind]}
            style={{ left: at(band.from), width: wide(band.from, band.to) }}
            title={band.title}
          />
        ))}
        {bands
          .filter((band) => band.mark !== null && band.to - band.from > (to - from) * 0.012)
          .map((band) => (
            <span
              key={`pin${String(band.from)}`}
              className={classNames(styles.pin, styles.onBand, textStyles.secondary)}
              style={{ left: at((band.from + band.to) / 2) }}
            >
              <Mark name={band.mark ?? 'pause'} />
            </span>
          ))}
        {pins.map((pin) => (
          <span key={`rec${String(pin.t)}`}>
            <i
              className={styles.recovery}
              style={{ left: at(pin.t), width: 2 }}
              title={pin.title}
            />
            <span
              className={classNames(styles.pin, styles.aboveBand, textStyles.warning)}
              style={{ left: at(pin.t) }}
              title={pin.title}
            >
              <Mark name="recovery" />
            </span>
          </span>
        ))}
      </div>
      <div className={styles.hours}>
        {hoursBetween(from, to)
          .filter((t) => t - from > edge && to - t > edge)
          .map((t, index) => (
            <span
              key={t}
              className={classNames(textStyles.number, index % 2 === 1 && styles.everySecond)}
              style={{ left: at(t) }}
            >
              {clock(t, t)}
            </span>
          ))}
      </div>
    </div>
  );
}
