/** Every check with its state, evidence and suggested fix. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { screenName, type Check, type Screen } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Glyph, type GlyphName } from '../../kit/marks.tsx';
import textStyles from '../../kit/styles/text.module.css';
import type { OpenScreen } from '../notices/index.ts';
import styles from './health.module.css';

const stateDisplay: Readonly<
  Record<
    Check['state'],
    { readonly glyph: GlyphName; readonly tone: string; readonly word: string }
  >
> = {
  ok: { glyph: 'done', tone: 'success', word: 'passed' },
  warn: { glyph: 'recovering', tone: 'warning', word: 'warning' },
  fail: { glyph: 'failed', tone: 'failure', word: 'failed' },
  unknown: { glyph: 'unknown', tone: 'tertiary', word: 'unknown' },
};

/** The screen where a failed check can be fixed. */
const places: Readonly<Partial<Record<string, Screen>>> = { queue: 'data' };

export function Checks({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const checks = useRoom('health');
  return (
    <section aria-labelledby="health-checks">
      <h2 className={textStyles.label} id="health-checks">
        Checks
      </h2>
      {checks.length === 0 ? <p className={textStyles.secondary}>No checks have run yet.</p> : null}
      <ul className={styles.list}>
        {checks.map((check) => {
          const display = stateDisplay[check.state];
          const place = check.state === 'ok' ? undefined : places[check.id];
          return (
            <li key={check.id}>
              <span className={textStyles[display.tone]} aria-hidden="true">
                <Glyph name={display.glyph} />
              </span>
              <span className={classNames(styles.name, textStyles.strong)}>
                {check.label} <span className={textStyles.visuallyHidden}>{display.word}</span>
              </span>
              <span className={styles.evidence}>
                <span className={textStyles.secondary}>{check.evidence}</span>
                {check.fix === null ? null : <span>{check.fix}</span>}
              </span>
              {place === undefined ? null : (
                <Button
                  size="xs"
                  onClick={() => {
                    onOpen(place);
                  }}
                >
                  Open {screenName(place)}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
