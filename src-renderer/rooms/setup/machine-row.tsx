/** First run: Python, GPU or processor, and disk. */
import type { ReactElement } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { Glyph } from '../../kit/marks.tsx';
import textStyles from '../../kit/styles/text.module.css';
import { Row } from './row.tsx';
import styles from './setup.module.css';

const FACT_GLYPHS = {
  ok: 'done',
  warn: 'recovering',
  fail: 'refused',
  missing: 'refused',
  checking: 'loading',
} as const;
const FACT_TONES = {
  ok: 'success',
  warn: 'warning',
  fail: 'failure',
  missing: 'failure',
  checking: 'secondary',
} as const;

export function MachineRow({ setup }: { readonly setup: Setup }): ReactElement {
  const facts: readonly { name: string; state: keyof typeof FACT_GLYPHS; detail: string }[] = [
    { name: 'Python', state: setup.python.state, detail: setup.python.detail },
    {
      name: setup.device.kind === 'cuda' ? 'GPU' : 'Processor',
      state: setup.device.kind === 'unknown' ? 'checking' : 'ok',
      detail: setup.device.detail,
    },
    { name: 'Disk', state: setup.disk.state, detail: setup.disk.detail },
  ];
  const failed = facts.some((fact) => fact.state === 'missing' || fact.state === 'fail');
  return (
    <Row stage={failed ? 'now' : 'done'} number={2} title="This machine" aside={null}>
      <ul className={classNames(styles.facts, textStyles.number)}>
        {facts.map((fact) => (
          <li key={fact.name}>
            <span className={textStyles[FACT_TONES[fact.state]]}>
              <Glyph name={FACT_GLYPHS[fact.state]} />
            </span>
            {fact.name}
            <span className={styles.detail}>{fact.detail}</span>
          </li>
        ))}
      </ul>
    </Row>
  );
}
