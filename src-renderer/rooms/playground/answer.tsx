/** One question and its answer. */
import { type ReactElement } from 'react';
import { type Answer, isEnded } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, duration, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { splitThinking } from '../../kit/thinking.ts';
import type { Turn } from './playground-store.ts';
import styles from './playground.module.css';

const PROGRESS: Readonly<Partial<Record<Answer['state'], string>>> = {
  loading: 'Loading the model…',
  waiting: 'Waiting…',
};
const ENDS: Readonly<Partial<Record<Answer['state'], string>>> = {
  length: 'cut off at the limit',
  stopped: 'stopped',
};

function footer(answer: Answer): string {
  const { state, tokens, seconds, device } = answer;
  if (!isEnded(state)) return '';
  const rate = seconds > 0 ? `${count(Math.round(tokens / seconds))} tokens/s` : null;
  const parts = [plural(tokens, 'token'), duration(seconds), rate, device, ENDS[state]];
  return parts.filter((part) => part != null).join(', ');
}

function Thinking({ text }: { readonly text: string }): ReactElement {
  return (
    <details>
      <summary className={textStyles.caption}>
        think block, {plural(text.split(/\s+/).length, 'word')}
      </summary>
      <p className={classNames(textStyles.secondary, textStyles.preserveLines)}>{text}</p>
    </details>
  );
}

function Raw({ answer }: { readonly answer: Answer }): ReactElement {
  return (
    <pre
      className={classNames(controlStyles.codeBlock, textStyles.mono)}
      aria-label="Prompt and raw tokens"
    >
      {answer.prompt}
      <mark>{answer.raw}</mark>
    </pre>
  );
}

export function TurnView({
  turn: { question, answer, refused },
  raw,
}: {
  readonly turn: Turn;
  readonly raw: boolean;
}): ReactElement {
  const { think, answer: text } = splitThinking(answer?.text ?? '');
  const failure = refused ?? (answer?.state === 'failed' ? answer.message : null);
  const isEmpty = answer !== null && isEnded(answer.state) && failure === null && text === '';
  return (
    <article className={styles.turn}>
      <h3 className={textStyles.visuallyHidden}>Question</h3>
      <p className={classNames(styles.question, textStyles.preserveLines)}>{question}</p>
      <h3 className={textStyles.visuallyHidden}>Answer</h3>
      {answer === null || answer.prompt === null || !raw ? (
        <div className={styles.answer}>
          {think === null ? null : <Thinking text={think} />}
          <p className={textStyles.preserveLines}>{isEmpty ? '(empty)' : text}</p>
        </div>
      ) : (
        <Raw answer={answer} />
      )}
      {failure === null ? null : (
        <p role="alert" className={textStyles.failure}>
          {failure}
        </p>
      )}
      <p className={classNames(textStyles.caption, textStyles.number)}>
        {refused !== null || answer === null
          ? refused === null
            ? 'Asking…'
            : ''
          : (PROGRESS[answer.state] ?? footer(answer))}
      </p>
    </article>
  );
}
