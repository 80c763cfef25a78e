/** The recovery drill: what was promised, what was measured, and the button that runs it. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import {
  DRILL_EXERCISES,
  type DrillResult,
  type DrillState,
} from '../../../src-main/contract/index.ts';
import { command, useAnswer, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, plural } from '../../kit/format.ts';
import { Glyph, type GlyphName } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './health.module.css';
import { useRefreshTimer } from './refresh-timer.ts';

const POLL_MS = 3000;

interface Display {
  readonly glyph: GlyphName;
  readonly tone: string;
  readonly word: string;
}
const displays: Readonly<Record<DrillResult['outcome'] | 'running' | 'waiting', Display>> = {
  passed: { glyph: 'done', tone: 'success', word: 'passed' },
  failed: { glyph: 'failed', tone: 'failure', word: 'failed' },
  skipped: { glyph: 'unknown', tone: 'tertiary', word: 'not run' },
  running: { glyph: 'training', tone: 'secondary', word: 'running' },
  waiting: { glyph: 'unknown', tone: 'tertiary', word: 'not run yet' },
};

function summaryOf({ state, started, exercises }: DrillState, now: number): string {
  if (state === 'none' || started === null)
    return 'Causes kills, a hang, a full disk and damage for real, in a temporary workspace with the starter model. Takes about 3 minutes on the CPU; your workspace is not touched.';
  const when = `started ${age(now - started)}`;
  if (state === 'running') return `Running, ${when}.`;
  const passed = plural(exercises.filter(({ outcome }) => outcome === 'passed').length, 'exercise');
  if (state === 'canceled') return `Canceled after ${passed}, ${when}.`;
  return state === 'passed' ? `${passed} passed, ${when}.` : `Failed after ${passed}, ${when}.`;
}

function Exercises({ drill }: { readonly drill: DrillState }): ReactElement {
  return (
    <ul className={styles.list}>
      {DRILL_EXERCISES.map(({ id, title, promise }, at) => {
        const result = drill.exercises.find((exercise) => exercise.id === id);
        const isNext = drill.state === 'running' && at === drill.exercises.length;
        const { glyph, tone, word } = displays[result?.outcome ?? (isNext ? 'running' : 'waiting')];
        return (
          <li key={id}>
            <span className={textStyles[tone]} aria-hidden="true">
              <Glyph name={glyph} />
            </span>
            <span className={styles.evidence}>
              <span className={textStyles.strong}>
                {title} <span className={textStyles.visuallyHidden}>{word}</span>
              </span>
              <span className={textStyles.secondary}>{result?.text ?? promise}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

export function Drill(): ReactElement | null {
  const lost = useLost();
  const now = useNowSeconds();
  const [presses, setPresses] = useState(0);
  const turn = useRefreshTimer(POLL_MS);
  const { answer: drill } = useAnswer(`drill|${String(turn)}|${String(presses)}`, (engine) =>
    engine.drill.get(),
  );
  if (drill === null) return null;
  const isRunning = drill.state === 'running';
  const press = async (): Promise<void> => {
    await command((engine) => (isRunning ? engine.drill.cancel() : engine.drill.start()));
    setPresses((n) => n + 1);
  };
  return (
    <section aria-labelledby="health-drill">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label} id="health-drill">
          Recovery drill
        </h2>
        <Button size="xs" disabled={lost} onClick={() => void press()}>
          {isRunning ? 'Cancel the drill' : 'Run the drill'}
        </Button>
      </div>
      <p className={textStyles.caption}>{summaryOf(drill, now)}</p>
      {drill.message === null ? null : <p className={textStyles.failure}>{drill.message}</p>}
      {drill.state === 'none' ? null : <Exercises drill={drill} />}
    </section>
  );
}
